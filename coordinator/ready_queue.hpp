// SPDX-License-Identifier: MIT
// ready_queue.hpp - the pending tasks in the order in which they are to start: higher priority
// first, then by id. Newly submitted tasks are kept as runs of consecutive ids, so ten million of
// them cost nothing; tasks that come back (retried, recalled, released) go into a small heap.
// A task settled while pending leaves its entry behind: forget() counts it, pop() skips it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "task_table.hpp"

namespace procfarm::scheduling {

/// One thread at a time.
class ReadyQueue {
 public:
  /// Tasks younger than all that were pushed before, with ids that follow on `first`.
  void push(TaskId first, std::uint32_t count, int priority);
  /// A task of any age; it gets its place by id.
  void put_back(TaskId task, int priority);
  /// A pending task of this priority was settled.
  void forget(int priority);
  void clear();

  /// Takes the first tasks, at most so many, at least one (size() > 0), all of one priority: calls
  /// visit(TaskId, TaskRecord&), which must make each of them something else than pending. Returns
  /// how many.
  template <class Visit>
  std::uint64_t pop(TaskTable& tasks, std::uint64_t most, Visit visit) {
    const Levels::iterator at = top();
    most = std::min(most, at->second.count);
    std::uint64_t left = most;
    while (left > 0) {
      const Run run = at->second.take(left);
      tasks.visit(TaskId{run.first}, run.end - run.first, [&](TaskId task, TaskRecord& record) {
        if (record.state != TaskState::pending) return;
        visit(task, record);
        --left;
      });
    }
    count_down(at, most);
    return most;
  }

  std::uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  int top_priority() const;         // size() > 0
  std::uint64_t top_count() const;  // how many have it; size() > 0

  /// Every entry in no order, stale ones too (for invariants).
  std::vector<TaskId> entries() const;

 private:
  struct Run {
    std::uint64_t first;
    std::uint64_t end;
  };
  struct Level {
    std::vector<Run> runs;  // from `head` on
    std::size_t head = 0;
    std::vector<std::uint64_t> returned;  // a heap, least id first
    std::uint64_t count = 0;              // of entries that are not stale
    void clear();
    /// The first entries as far as their ids follow on one another, at most so many.
    Run take(std::uint64_t most);
  };
  using Levels = std::map<int, Level, std::greater<>>;

  Level& level(int priority);
  void count_down(Levels::iterator at, std::uint64_t count);
  Levels::iterator top();
  Levels::const_iterator top() const;

  Levels levels_;
  Levels::iterator recent_ = levels_.end();  // the level last pushed to
  std::uint64_t size_ = 0;
};

}  // namespace procfarm::scheduling
