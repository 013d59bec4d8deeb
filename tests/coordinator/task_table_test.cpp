// SPDX-License-Identifier: MIT
// task_table_test.cpp - the scheduler's table of tasks against a plain map, through every way in
// which a chunk of it comes to have records.
#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "coordinator/task_table.hpp"

using namespace procfarm;
using scheduling::TaskRecord;
using scheduling::TaskState;
using scheduling::TaskTable;

namespace {

struct Expected {
  const TaskPolicy* policy;
  TaskState state;
  std::uint32_t attempt;
  bool operator==(const Expected&) const = default;
};

Expected as_expected(const TaskRecord& record) {
  return {record.policy, record.state, record.attempt};
}

}  // namespace

TEST_CASE("task table: whatever is added, changed and erased, it holds the same as a map") {
  const TaskPolicy policies[2]{};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    TaskTable table;
    std::map<std::uint64_t, Expected> expected;
    std::uint64_t next = 1 + random() % 5000;
    const auto any = [&] {
      return std::next(expected.begin(), static_cast<std::ptrdiff_t>(random() % expected.size()));
    };
    for (int step = 0; step < 3000; ++step) {
      const std::uint64_t what = random() % 10;
      if (expected.empty() || what < 4) {
        const TaskPolicy& policy = policies[random() % 50 == 0];
        const auto together =
            static_cast<std::uint32_t>(1 + random() % (random() % 64 == 0 ? 3000 : 200));
        for (std::uint64_t runs = random() % 3; runs > 0; --runs) {
          table.add_pending(TaskId{next}, together, policy);
          for (const std::uint64_t end = next + together; next != end; ++next)
            expected[next] = {&policy, TaskState::pending, 1};
        }
        if (random() % 8 == 0) next += random() % 3000;
      } else if (what == 4) {
        table.insert(TaskId{next}, policies[0]).state = TaskState::blocked;
        expected[next++] = {&policies[0], TaskState::blocked, 1};
      } else if (what == 5) {
        const auto changed = any();
        TaskRecord* record = table.find(TaskId{changed->first});
        REQUIRE(record != nullptr);
        record->state = changed->second.state = TaskState::assigned;
        ++record->attempt;
        ++changed->second.attempt;
      } else {
        // From the front mostly, as tasks are settled.
        for (std::uint64_t count = random() % 400; count > 0 && !expected.empty(); --count) {
          const auto gone = random() % 4 == 0 ? any() : expected.begin();
          table.erase(TaskId{gone->first});
          CHECK(table.find(TaskId{gone->first}) == nullptr);
          expected.erase(gone);
        }
      }
      REQUIRE(table.size() == expected.size());
    }
    std::map<std::uint64_t, Expected> seen;
    table.for_each([&](TaskId task, const TaskRecord& record) {
      seen[static_cast<std::uint64_t>(task)] = as_expected(record);
    });
    CHECK(seen == expected);
    for (const auto& [id, record] : expected) {
      const TaskRecord* found = table.find(TaskId{id});
      REQUIRE(found != nullptr);
      CHECK(as_expected(*found) == record);
    }
    CHECK(table.find(TaskId{next}) == nullptr);
    CHECK(table.find(TaskId{0}) == nullptr);
  }
}
