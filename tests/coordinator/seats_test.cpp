// SPDX-License-Identifier: MIT
// seats_test.cpp - the list of the tasks on board of a worker, without one.
#include <doctest/doctest.h>

#include <cstdint>

#include "coordinator/seats.hpp"

namespace procfarm {
namespace {

/// Never looked into.
detail::FutureState* some_state(std::uintptr_t number) {
  return reinterpret_cast<detail::FutureState*>(64 * (number + 1));
}

TEST_CASE("tasks on board are found by their sequence numbers, however many there are") {
  OnBoard tasks;
  CHECK(tasks.empty());
  CHECK(tasks.find(0) == nullptr);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    tasks.push({some_state(i), i});
    // Some leave meanwhile, so that the ring has turned when it grows.
    if (i % 3 == 0) tasks.at(tasks.first()).state = nullptr;
    tasks.drop_empty();
  }
  CHECK(tasks.first() == 334);
  CHECK(tasks.next() == 1000);
  for (std::uint32_t i = 334; i < 1000; ++i) {
    REQUIRE(tasks.find(i) != nullptr);
    CHECK(tasks.find(i)->state == some_state(i));
    CHECK(tasks.find(i)->attempt == i);
  }
  CHECK(tasks.find(333) == nullptr);
  CHECK(tasks.find(1000) == nullptr);
  CHECK(tasks.find(~wire::Sequence{0}) == nullptr);
}

TEST_CASE("an empty entry on board stays until its turn has come") {
  OnBoard tasks;
  for (std::uint32_t i = 0; i < 4; ++i) tasks.push({some_state(i), 1});
  tasks.at(2).state = nullptr;
  tasks.drop_empty();
  CHECK(tasks.first() == 0);
  REQUIRE(tasks.find(2) != nullptr);
  CHECK(tasks.find(2)->state == nullptr);
  tasks.at(0).state = tasks.at(1).state = nullptr;
  tasks.drop_empty();
  CHECK(tasks.first() == 3);
  tasks.at(3).state = nullptr;
  tasks.drop_empty();
  CHECK(tasks.empty());
  CHECK(tasks.next() == 4);
}

TEST_CASE("a worker is crowded when what was taken back behind its oldest task fills the slots") {
  Occupant occupant(WorkerId{0, 0});
  OnBoard& tasks = occupant.on_board;
  tasks.push({some_state(0), 1});
  for (std::uint32_t i = 1; i < 2048; ++i) tasks.push({nullptr, 1});
  CHECK_FALSE(Seats::is_crowded(occupant));
  tasks.push({nullptr, 1});
  CHECK(Seats::is_crowded(occupant));
  tasks.at(0).state = nullptr;  // its result has come
  CHECK_FALSE(Seats::is_crowded(occupant));
  CHECK(tasks.empty());
}

}  // namespace
}  // namespace procfarm
