// SPDX-License-Identifier: MIT
// scheduler_random_test.cpp - whatever happens, in whatever order: each task settles exactly once,
// no rule breaks, all comes to its end. The everyday share of what scheduler_simulation plays by
// the hundred thousand, and the schedules that have found something.
#include <cstdint>
#include <exception>
#include <string>

#include <doctest/doctest.h>

#include "simulation/world.hpp"
#include "support/sanitizers.hpp"

using procfarm::simulation::Figures;
using procfarm::simulation::World;

namespace {

Figures play(std::uint64_t seed, bool check_books) {
  World world(seed, {.trace = nullptr, .check_books = check_books});
  try {
    world.play();
  } catch (const std::exception& error) {
    FAIL_CHECK("scheduler_simulation --seed " << seed << ": " << error.what());
  }
  return world.figures();
}

}  // namespace

TEST_CASE("whatever happens, each task settles exactly once and no rule is broken") {
  const std::uint64_t schedules =
      support::thread_sanitizer || support::address_sanitizer ? 200 : 2000;
  Figures total;
  // A look into the books after each call takes most of the time when nothing is optimised.
  for (std::uint64_t seed = 1; seed <= schedules; ++seed) total += play(seed, seed % 20 == 0);
  MESSAGE(total.events << " events, " << total.tasks << " tasks, " << total.deaths << " deaths, "
                       << total.stale << " stale reports");
  CHECK(total.events >= 50 * schedules);
  CHECK(total.tasks >= 5 * schedules);
  CHECK(total.deaths >= schedules);
  CHECK(total.stale >= schedules / 2);
}

TEST_CASE("the same seed plays the same schedule") {
  const Figures once = play(77, true);
  const Figures again = play(77, true);
  CHECK(once.events == again.events);
  CHECK(once.starts == again.starts);
}
