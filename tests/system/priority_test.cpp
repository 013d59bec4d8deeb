// SPDX-License-Identifier: MIT
// priority_test.cpp - who goes first.
#include <algorithm>
#include <string>
#include <vector>

#include "farm.hpp"

using namespace farm;

namespace {

void begin_and_pass(const std::string& journal, const std::string& name, const std::string& gate) {
  note(journal, name);
  pass(gate);
}

}  // namespace

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

TEST_CASE("what was submitted later does not begin before, while a second worker still starts") {
  for (int round = 0; round < 5; ++round) {
    Journal journal;
    Gate gate;
    ProcessPoolExecutor pool(2);
    pool.submit<doubled>(1).result();  // one worker is there, and knows of short tasks only
    for (const char* name : {"first", "second", "third"})
      pool.submit<begin_and_pass>(journal.path(), name, gate.path());
    std::vector<std::string> begun = journal.await(2);
    std::sort(begun.begin(), begun.end());
    REQUIRE(begun.size() == 2);
    CHECK(begun[0] + " " + begun[1] == "first second");
    gate.open();
  }
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
