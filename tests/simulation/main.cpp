// SPDX-License-Identifier: MIT
// main.cpp - scheduler_simulation [--seed N] [--schedules N]: plays so many schedules, from that
// seed on. One that fails is named with the command that plays it again; a single schedule is told
// event by event. The last line is the count: N passed, N failed.
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>

#include "simulation/world.hpp"

using procfarm::simulation::Figures;
using procfarm::simulation::Watching;
using procfarm::simulation::World;

namespace {

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t schedules = 100'000;
  bool check_books = true;
  bool stop_at_first = false;
};

[[noreturn]] void usage() {
  std::fputs(
      "usage: scheduler_simulation [--seed N] [--schedules N] [--first] [--outside-only]\n"
      "  --seed N        the first schedule's seed (1); alone: that one schedule, with its trace\n"
      "  --schedules N   how many schedules (100000)\n"
      "  --first         end with the first failure\n"
      "  --outside-only  judge by what the scheduler does, without looking into its books\n",
      stderr);
  std::exit(2);
}

std::uint64_t number(const char* text) {
  std::uint64_t value = 0;
  const char* end = text + std::strlen(text);
  const auto [stopped, error] = std::from_chars(text, end, value);
  if (error != std::errc{} || stopped != end) usage();
  return value;
}

Options parse(int argc, char** argv) {
  Options options;
  bool seed_given = false;
  bool count_given = false;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const bool has_value = i + 1 < argc;
    if (option == "--first") {
      options.stop_at_first = true;
    } else if (option == "--outside-only") {
      options.check_books = false;
    } else if (option == "--seed" && has_value) {
      seed_given = true;
      options.seed = number(argv[++i]);
    } else if (option == "--schedules" && has_value) {
      count_given = true;
      options.schedules = number(argv[++i]);
    } else {
      usage();
    }
  }
  if (seed_given && !count_given) options.schedules = 1;
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const Watching watching{options.schedules == 1 ? stdout : nullptr, options.check_books};
  const auto began = std::chrono::steady_clock::now();
  Figures total;
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  for (std::uint64_t i = 0; i < options.schedules; ++i) {
    const std::uint64_t seed = options.seed + i;
    World world(seed, watching);
    try {
      world.play();
      ++passed;
    } catch (const std::exception& error) {
      ++failed;
      std::printf("seed %llu: %s\n  again: %s --seed %llu%s\n",
                  static_cast<unsigned long long>(seed), error.what(), argv[0],
                  static_cast<unsigned long long>(seed),
                  options.check_books ? "" : " --outside-only");
    }
    total += world.figures();
    if (failed != 0 && options.stop_at_first) break;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf(
      "%llu events, %llu tasks, %llu starts, %llu deaths, %llu stale reports in %.1f s\n",
      static_cast<unsigned long long>(total.events), static_cast<unsigned long long>(total.tasks),
      static_cast<unsigned long long>(total.starts), static_cast<unsigned long long>(total.deaths),
      static_cast<unsigned long long>(total.stale), took.count());
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(passed),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}
