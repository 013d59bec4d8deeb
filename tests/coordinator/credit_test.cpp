// SPDX-License-Identifier: MIT
// credit_test.cpp - what the durations of tasks do to the window.
#include <chrono>

#include <doctest/doctest.h>

#include "coordinator/credit.hpp"

using namespace std::chrono_literals;
using procfarm::scheduling::Credit;

namespace {

Credit after_tasks_of(procfarm::Duration took) {
  Credit credit(4ms, 2048);
  for (int i = 0; i < 1000; ++i) credit.result(took);
  return credit;
}

}  // namespace

TEST_CASE("credit: one task that waited for a core leaves the window nearly as it was") {
  Credit credit = after_tasks_of(10us);
  REQUIRE(credit.tasks(2) == 400);
  credit.result(20ms);
  CHECK(credit.tasks(2) > 250);
  for (int i = 0; i < 50; ++i) credit.result(10us);
  CHECK(credit.tasks(2) > 390);
}

TEST_CASE("credit: tasks that have become long are soon believed") {
  Credit credit = after_tasks_of(1us);
  CHECK_FALSE(credit.long_tasks());
  for (int i = 0; i < 40; ++i) credit.result(50ms);
  CHECK(credit.long_tasks());
  CHECK(credit.tasks(2) == 1);
}
