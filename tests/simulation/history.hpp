// SPDX-License-Identifier: MIT
// history.hpp - what has truly happened to each task, and what may not: settled twice, started more
// often than allowed, a value of another attempt, assigned while it waits or after it was settled.
// Knows nothing of how the scheduler keeps its books.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "coordinator/scheduler.hpp"

namespace procfarm::simulation {

std::string text(TaskId task);
std::string text(WorkerId worker);
std::string text(Duration duration);

/// Throws std::logic_error that says what has been broken.
[[noreturn]] void broken(const std::string& what);
inline void expect(bool holds, const char* what) {
  if (!holds) broken(what);
}
/// The same for a rule about one task.
inline void expect(bool holds, TaskId task, const char* what) {
  if (!holds) broken(text(task) + " " + what);
}

/// What f(input) is for this attempt: nothing else may reach the future.
std::uint64_t value_of(TaskId task, std::uint32_t attempt);

struct Task {
  const TaskPolicy* policy = nullptr;
  std::optional<TaskId> after{};  // it waits for this one
  bool waiting = false;           // the scheduler was not told that it need not wait any more
  bool told = false;              // the scheduler knows it
  bool settled = false;           // its future
  bool succeeded = false;
  bool cancel_asked = false;  // cancel_running has reached the scheduler
  bool late = false;          // this attempt was asked to stop because its time is over
  bool ever_assigned = false;
  std::uint32_t attempt = 1;  // the present or next one
  std::uint32_t starts = 0;   // how often a worker has begun it
};

class History {
 public:
  void accepted(TaskId task, const TaskPolicy& policy, std::optional<TaskId> after);
  Task& at(TaskId task);
  const std::map<TaskId, Task>& all() const { return tasks_; }
  std::uint64_t unsettled() const { return unsettled_; }

  /// The scheduler gives this attempt to a worker.
  void assigned(TaskId task, std::uint32_t attempt, bool draining);
  /// A worker begins it; in a broken pool it may do so until it is killed.
  void begun(TaskId task, std::uint32_t attempt, bool broken_pool);
  /// The one terminal record of its future.
  void settled(TaskId task, bool succeeded);
  /// A further attempt follows.
  void retried(TaskId task);
  /// What the verdict on an attempt that ended so must be.
  Verdict due(const Task& task, AttemptEnd end, bool draining) const;
  bool has_attempts_left(const Task& task, RetryOn cause, bool draining) const;

 private:
  void check_order(const Task& chosen) const;

  std::map<TaskId, Task> tasks_;
  std::uint64_t unsettled_ = 0;
};

}  // namespace procfarm::simulation
