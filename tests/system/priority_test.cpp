// SPDX-License-Identifier: MIT
// priority_test.cpp - who goes first.
#include <string>
#include <vector>

#include "farm.hpp"

using namespace farm;

TEST_CASE("higher priorities go first, equal ones in order of submission") {
  Journal journal;
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto hold = pool.submit<pass>(gate.path());
  CHECK(eventually([&] { return hold.running(); }));
  for (const int priority : {0, -5, 3, 0, 3, 2'000'000'000, -2'000'000'000}) {
    pool.with({.priority = priority}).submit<note>(journal.path(), std::to_string(priority));
  }
  gate.open();
  pool.shutdown();
  CHECK(journal.lines() ==
        std::vector<std::string>{"2000000000", "3", "3", "0", "0", "-5", "-2000000000"});
}

TEST_CASE("a higher priority overtakes what a busy worker has been sent ahead") {
  Journal journal;
  Gate gate;
  ProcessPoolExecutor pool(1);
  for (int i = 0; i < 500; ++i) pool.submit<doubled>(i);  // so that the farm sends many ahead
  auto hold = pool.submit<pass>(gate.path());
  for (int i = 0; i < 100; ++i) pool.submit<note>(journal.path(), "low");
  CHECK(eventually([&] { return hold.running(); }));
  auto high = pool.with({.priority = 1}).submit<note>(journal.path(), "high");
  CHECK_THROWS_AS(high.result(20ms), TimeoutError);  // the farm has seen it, and may reorder
  gate.open();
  pool.shutdown();
  const auto lines = journal.lines();
  REQUIRE(lines.size() == 101);
  CHECK(lines[0] == "high");
}

TEST_CASE("priorities do not starve a second worker") {
  Gate gate;
  ProcessPoolExecutor pool(2);
  auto low = pool.with({.priority = -1}).submit<pass>(gate.path());
  auto high = pool.with({.priority = 1}).submit<pass>(gate.path());
  CHECK(eventually([&] { return low.running() && high.running(); }));
  gate.open();
}
