// SPDX-License-Identifier: MIT
// history.cpp - the rules.
#include "simulation/history.hpp"

#include <stdexcept>

namespace procfarm::simulation {

std::string text(TaskId task) { return "#" + std::to_string(static_cast<std::uint64_t>(task)); }

std::string text(WorkerId worker) {
  return "worker " + std::to_string(worker.seat) + "." + std::to_string(worker.incarnation);
}

std::string text(Duration duration) {
  const std::string microseconds = std::to_string(duration.count() / 1000);
  const std::string rest = std::to_string(1000 + duration.count() % 1000).substr(1);
  return microseconds + "." + rest + " us";
}

void broken(const std::string& what) { throw std::logic_error(what); }

std::uint64_t value_of(TaskId task, std::uint32_t attempt) {
  return static_cast<std::uint64_t>(task) * 0x9e3779b97f4a7c15 ^ attempt;
}

void History::accepted(TaskId task, const TaskPolicy& policy, std::optional<TaskId> after) {
  Task& fresh = tasks_[task];
  fresh.policy = &policy;
  fresh.after = after;
  fresh.waiting = after.has_value();
  ++unsettled_;
}

Task& History::at(TaskId task) {
  const auto found = tasks_.find(task);
  expect(found != tasks_.end(), task, "was never accepted");
  return found->second;
}

// Those that nobody has had yet start in the order of their priorities.
void History::check_order(const Task& chosen) const {
  if (chosen.ever_assigned) return;
  for (const auto& [id, other] : tasks_) {
    const bool candidate = other.told && !other.settled && !other.waiting && !other.ever_assigned &&
                           !other.cancel_asked;
    expect(!candidate || other.policy->priority <= chosen.policy->priority, id,
           "has a higher priority and must wait");
  }
}

void History::assigned(TaskId task, std::uint32_t attempt, bool draining) {
  Task& its = at(task);
  expect(!its.waiting, task, "is assigned while it waits for another task");
  expect(!its.after || at(*its.after).succeeded, task, "is assigned and what it waits for failed");
  expect(!its.cancel_asked, task, "is assigned after it was cancelled");
  expect(!draining, task, "is assigned while the pool ends");
  expect(attempt == its.attempt, task, "is assigned with a wrong attempt");
  check_order(its);
  its.ever_assigned = true;
}

void History::begun(TaskId task, std::uint32_t attempt, bool broken_pool) {
  Task& its = at(task);
  ++its.starts;
  expect(!its.settled || broken_pool, task, "runs though it is settled");
  expect(attempt == its.attempt, task, "runs a wrong attempt");
  expect(its.starts == attempt, task, "was started without an attempt for it, or twice for one");
  expect(attempt == 1 || attempt <= static_cast<std::uint32_t>(its.policy->retry.max_attempts),
         task, "is started too often");
}

void History::settled(TaskId task, bool succeeded) {
  Task& its = at(task);
  expect(!its.settled, task, "is settled twice");
  its.settled = true;
  its.succeeded = succeeded;
  --unsettled_;
}

void History::retried(TaskId task) {
  Task& its = at(task);
  ++its.attempt;
  its.late = false;
}

bool History::has_attempts_left(const Task& task, RetryOn cause, bool draining) const {
  const RetryPolicy& retry = task.policy->retry;
  return !draining && retry.max_attempts > 0 &&
         task.attempt < static_cast<std::uint32_t>(retry.max_attempts) &&
         (retry.on & cause) != RetryOn{};
}

Verdict History::due(const Task& task, AttemptEnd end, bool draining) const {
  if (task.cancel_asked) return Verdict::cancelled;
  if (task.late)
    return has_attempts_left(task, RetryOn::timeout, draining) ? Verdict::retry
                                                               : Verdict::timed_out;
  const bool again =
      end == AttemptEnd::threw && has_attempts_left(task, RetryOn::exception, draining);
  return again ? Verdict::retry : Verdict::deliver;
}

}  // namespace procfarm::simulation
