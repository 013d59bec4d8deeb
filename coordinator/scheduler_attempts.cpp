// SPDX-License-Identifier: MIT
// scheduler_attempts.cpp - what becomes of an attempt: its result counts, or it gets another one,
// or it comes back to the queue because it never began; and what the loss of its worker means.
#include <algorithm>
#include <cassert>
#include <chrono>
#include <utility>

#include "backoff.hpp"
#include "scheduler_state.hpp"

namespace procfarm {

using scheduling::Asked;
using scheduling::AssignedList;
using scheduling::TaskRecord;
using scheduling::TaskState;
using scheduling::Watch;
using scheduling::Worker;
using scheduling::WorkerState;
namespace mark = scheduling::mark;

namespace {

constexpr Duration first_back_off = std::chrono::milliseconds{10};
constexpr Duration longest_back_off = std::chrono::seconds{1};
// Deaths between "ready" and a first task may be anyone's kill: much patience, but not endless.
constexpr int fruitless_per_failed_start = 4;

}  // namespace

TaskRecord* Scheduler::State::held(WorkerId worker, TaskId task) {
  if (workers.find(worker) == nullptr) return nullptr;
  TaskRecord* record = tasks.find(task);
  const bool here =
      record != nullptr && record->state == TaskState::assigned && record->seat == worker.seat;
  return here ? record : nullptr;
}

void Scheduler::State::take_from(Worker& worker, TaskId task, const TaskRecord& record) {
  const AssignedList::Removed removed = worker.tasks.remove(task);
  assert(removed != AssignedList::Removed::absent);
  --assigned;
  if (record.policy->timeout) --worker.limited;
  if (worker.watch != Watch::none && worker.watched == task) worker.watch = Watch::none;
  if (removed == AssignedList::Removed::front) worker.front_since = limit_clock();
  worker.asked = Asked::no;
}

void Scheduler::State::rearrange(std::uint32_t seat) {
  watch_front(seat);
  workers.place(seat, low_water);
}

void Scheduler::State::detach(TaskId task, const TaskRecord& record) {
  const std::uint32_t seat = record.seat;
  take_from(workers.at(seat), task, record);
  rearrange(seat);
}

void Scheduler::State::give_back(TaskId task, TaskRecord& record) {
  if (draining || (record.marks & mark::cancelling))
    return settle_later(task, SettleReason::cancelled);
  make_pending(task, record);
}

bool Scheduler::State::may_retry(const TaskRecord& record, RetryOn cause) const {
  const RetryPolicy& policy = record.policy->retry;
  const bool attempts_left =
      policy.max_attempts > 0 && record.attempt < static_cast<std::uint32_t>(policy.max_attempts);
  return attempts_left && !draining && (policy.on & cause) != RetryOn{};
}

void Scheduler::State::retry(TaskId task, TaskRecord& record) {
  const RetryPolicy& policy = record.policy->retry;
  const Duration delay =
      grown(policy.delay, policy.backoff, static_cast<int>(record.attempt) - 1, policy.max_delay);
  ++record.attempt;
  record.marks = 0;
  if (delay <= Duration::zero()) return make_pending(task, record);
  record.state = TaskState::delayed;
  delays.push({scheduling::later(now, delay), task});
}

Verdict Scheduler::State::judge(TaskId task, TaskRecord& record, AttemptEnd end) {
  Verdict verdict = Verdict::deliver;
  RetryOn cause = RetryOn::exception;
  bool failed = end == AttemptEnd::threw;
  if (record.marks & mark::cancelling) {
    verdict = Verdict::cancelled;
    failed = false;
  } else if (record.marks & mark::timed_out) {
    verdict = Verdict::timed_out;
    cause = RetryOn::timeout;
    failed = true;
  }
  if (failed && may_retry(record, cause)) {
    retry(task, record);
    return Verdict::retry;
  }
  tasks.erase(task);
  return verdict;
}

Verdict Scheduler::finished(WorkerId worker, TaskId task, std::uint32_t attempt, AttemptEnd end,
                            Duration took, Time now) {
  State& s = *state_;
  TaskRecord* record = s.held(worker, task);
  // The report may be of an earlier attempt or of a worker given up: slow, not wrong. Drop it.
  if (record == nullptr || record->attempt != attempt) return Verdict::stale;
  s.advance(now);
  Worker& reporter = s.workers.at(worker.seat);
  ++reporter.results;
  s.credit.result(took);
  s.fruitless_workers = 0;
  s.take_from(reporter, task, *record);
  if (!std::exchange(reporter.touched, true)) s.touched.push_back(worker.seat);
  if (reporter.limited != 0) s.watch_front(worker.seat);  // its limit is counted from now
  if (s.options.max_tasks_per_child && reporter.tasks.empty() &&
      s.workers.results_left(reporter) == 0)
    s.exhausted.push_back(worker);
  if (record->marks == 0 && end == AttemptEnd::succeeded) {
    s.tasks.erase(task);
    return Verdict::deliver;
  }
  return s.judge(task, *record, end);
}

void Scheduler::recalled(WorkerId worker, TaskId task) {
  State& s = *state_;
  TaskRecord* record = s.held(worker, task);
  if (record == nullptr) return;
  s.changed = true;
  s.detach(task, *record);
  s.give_back(task, *record);
}

void Scheduler::recall_refused(WorkerId worker, TaskId task) {
  State& s = *state_;
  const TaskRecord* record = s.held(worker, task);
  if (record == nullptr) return;
  s.changed = true;
  Worker& refuser = s.workers.at(worker.seat);
  if (record->marks & mark::cancelling) s.to_stop.push_back(task);
  if (refuser.tasks.front() == task) return;  // says nothing about those behind it
  refuser.asked = Asked::refused;
  s.workers.place(worker.seat, s.low_water);
}

void Scheduler::State::charge_loss(TaskId task, TaskRecord& record, Actions& out) {
  if (record.marks & mark::cancelling) return settle(task, SettleReason::cancelled, out);
  const bool late = (record.marks & mark::timed_out) != 0;
  if (may_retry(record, late ? RetryOn::timeout : RetryOn::worker_lost)) return retry(task, record);
  settle(task, late ? SettleReason::timed_out : SettleReason::worker_lost, out);
}

void Scheduler::State::delay_next_start() {
  ++failed_starts;
  respawn_at =
      scheduling::later(now, grown(first_back_off, 2.0, failed_starts - 1, longest_back_off));
}

void Scheduler::State::count_loss(WorkerState state, bool fruitless, Actions& out) {
  if (state == WorkerState::starting) delay_next_start();
  if (state == WorkerState::ready && fruitless) ++fruitless_workers;
  const bool hopeless = failed_starts >= options.max_failed_starts ||
                        fruitless_workers >= fruitless_per_failed_start * options.max_failed_starts;
  if (hopeless) give_up(out);
}

}  // namespace procfarm
