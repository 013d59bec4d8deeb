// SPDX-License-Identifier: MIT
// scheduler.cpp - the events of tasks, of workers and of the whole, as the driver reports them.
#include "scheduler.hpp"

#include <algorithm>
#include <utility>

#include "scheduler_state.hpp"

namespace procfarm {

using scheduling::TaskRecord;
using scheduling::TaskState;
using scheduling::Worker;
using scheduling::WorkerState;

namespace {

SchedulerOptions checked(SchedulerOptions options) {
  options.max_workers = std::clamp(options.max_workers, 1, most_workers);
  options.max_queued = std::max(options.max_queued, 1U);
  options.max_failed_starts = std::max(options.max_failed_starts, 1);
  if (options.max_tasks_per_child)
    options.max_tasks_per_child = std::max(*options.max_tasks_per_child, 1);
  return options;
}

std::uint64_t results_each(const SchedulerOptions& options) {
  return options.max_tasks_per_child ? static_cast<std::uint64_t>(*options.max_tasks_per_child)
                                     : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace

Scheduler::State::State(SchedulerOptions chosen)
    : options(checked(chosen)),
      workers(static_cast<std::uint32_t>(options.max_workers), results_each(options)),
      credit(options.window, options.max_queued),
      prestart(static_cast<std::uint64_t>(std::max(options.prestart, 0))) {}

Scheduler::Scheduler(SchedulerOptions options) : state_(std::make_unique<State>(options)) {}
Scheduler::~Scheduler() = default;

// -- tasks ----------------------------------------------------------------------------------------

void Scheduler::State::advance(Time to) {
  now = std::max(now, to);
  changed = true;
}

void Scheduler::State::make_pending(TaskId task, TaskRecord& record) {
  record.state = TaskState::pending;
  ready.put_back(task, record.policy->priority);
}

void Scheduler::State::settle(TaskId task, SettleReason reason, Actions& out) {
  out.emplace_back(action::Settle{task, reason, tasks.find(task)->attempt});
  tasks.erase(task);
}

void Scheduler::State::settle_later(TaskId task, SettleReason reason) {
  unsaid.push_back({task, reason, tasks.find(task)->attempt});
  tasks.erase(task);
}

void Scheduler::State::forget_unassigned(TaskId task, const TaskRecord& record) {
  const bool was_pending = record.state == TaskState::pending;
  const int priority = record.policy->priority;
  tasks.erase(task);
  if (was_pending) ready.forget(priority);
}

void Scheduler::State::say_pending(Actions& out) {
  for (const action::Settle& settled : unsaid) out.emplace_back(settled);
  unsaid.clear();
  for (const TaskId task : std::exchange(to_stop, {})) {
    TaskRecord* record = tasks.find(task);
    if (record == nullptr || record->state != TaskState::assigned) continue;
    if (record->marks & scheduling::mark::stopping) continue;
    stop(task, *record, scheduling::mark::cancelling, out);
  }
}

void Scheduler::State::refuse(TaskId task, Actions& out) const {
  const SettleReason reason = broken ? SettleReason::broken : SettleReason::cancelled;
  out.emplace_back(action::Settle{task, reason, 1});
}

void Scheduler::submitted(TaskId first, std::uint32_t count, const TaskPolicy& policy, bool waiting,
                          Actions& out) {
  State& s = *state_;
  const bool refused = s.broken || s.draining;
  if (!refused) s.changed = true;
  if (!refused && !waiting) {
    s.tasks.add_pending(first, count, policy);
    s.ready.push(first, count, policy.priority);
    return;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const TaskId task{static_cast<std::uint64_t>(first) + i};
    if (refused)
      s.refuse(task, out);
    else
      s.tasks.insert(task, policy).state = TaskState::blocked;
  }
}

void Scheduler::continued(TaskId parent, TaskId task, Actions& out) {
  State& s = *state_;
  const TaskRecord* before = s.tasks.find(parent);
  if (before == nullptr || s.broken || s.draining) return s.refuse(task, out);
  s.changed = true;
  s.make_pending(task, s.tasks.insert(task, *before->policy));
}

void Scheduler::released(TaskId task) {
  State& s = *state_;
  TaskRecord* record = s.tasks.find(task);
  if (record == nullptr || record->state != TaskState::blocked) return;
  s.changed = true;
  s.make_pending(task, *record);
}

void Scheduler::cancelled(TaskId task) {
  State& s = *state_;
  TaskRecord* record = s.tasks.find(task);
  if (record == nullptr) {
    std::erase_if(s.unsaid, [task](const action::Settle& settled) { return settled.task == task; });
    return;
  }
  s.changed = true;
  if (record->state != TaskState::assigned) return s.forget_unassigned(task, *record);
  s.detach(task, *record);
  s.tasks.erase(task);
}

void Scheduler::cancel_running(TaskId task, Time now, Actions& out) {
  State& s = *state_;
  TaskRecord* record = s.tasks.find(task);
  if (record == nullptr) return;
  s.advance(now);
  if (record->state != TaskState::assigned) {
    out.emplace_back(action::Settle{task, SettleReason::cancelled, record->attempt});
    return s.forget_unassigned(task, *record);
  }
  const bool known = (record->marks & scheduling::mark::cancelling) != 0;
  record->marks |= scheduling::mark::cancelling;
  if (known || (record->marks & scheduling::mark::stopping)) return;
  out.emplace_back(action::Recall{s.workers.id(record->seat), {task}});
}

// -- workers --------------------------------------------------------------------------------------

void Scheduler::set_crowded(WorkerId worker, bool crowded) {
  if (scheduling::Worker* found = state_->workers.find(worker)) found->crowded = crowded;
}

void Scheduler::worker_ready(WorkerId worker, Time now) {
  State& s = *state_;
  const Worker* found = s.workers.find(worker);
  if (found == nullptr || found->state != WorkerState::starting) return;
  s.advance(now);
  s.failed_starts = 0;
  s.respawn_at = Time{};
  s.workers.set_state(worker.seat, WorkerState::ready);
  s.workers.place(worker.seat, s.low_water);
  s.newcomers = true;
}

void Scheduler::worker_lost(WorkerId worker, std::optional<TaskId> running, Time now,
                            Actions& out) {
  State& s = *state_;
  Worker* found = s.workers.find(worker);
  if (found == nullptr) return;
  s.advance(now);
  std::vector<TaskId> left;
  left.reserve(found->tasks.size());
  found->tasks.for_each([&left](TaskId task) { left.push_back(task); });
  const WorkerState state = found->state;
  const bool useless = !left.empty() && found->results == 0;
  s.workers.vacate(worker.seat);
  s.assigned -= left.size();
  bool was_running = false;
  for (const TaskId task : left) {
    TaskRecord& record = *s.tasks.find(task);
    // A task past its limit had begun, whatever else is known.
    const bool begun = running == task || (record.marks & scheduling::mark::stopping);
    was_running |= begun;
    begun ? s.charge_loss(task, record, out) : s.give_back(task, record);
  }
  s.count_loss(state, useless && !was_running, out);
}

void Scheduler::start_refused(WorkerId worker, Time now, Actions& out) {
  State& s = *state_;
  const Worker* found = s.workers.find(worker);
  // Of one that has started it is not true.
  const bool may_be = found != nullptr && (found->state == WorkerState::starting ||
                                           found->state == WorkerState::killed);
  if (!may_be || !found->tasks.empty()) return;
  s.advance(now);
  s.workers.vacate(worker.seat);
  s.delay_next_start();
  const bool somebody_serves = s.workers.count(WorkerState::ready) > 0;
  if (s.failed_starts >= s.options.max_failed_starts && !somebody_serves) s.give_up(out);
}

// -- the whole ------------------------------------------------------------------------------------

void Scheduler::State::give_up(Actions& out) {
  broken = changed = true;
  for (const action::Settle& settled : std::exchange(unsaid, {})) out.emplace_back(settled);
  to_stop.clear();
  std::vector<TaskId> all;
  all.reserve(tasks.size());
  tasks.for_each([&all](TaskId task, const TaskRecord&) { all.push_back(task); });
  for (const TaskId task : all) settle(task, SettleReason::broken, out);
  ready.clear();
  assigned = 0;
  for (std::uint32_t seat = 0; seat < workers.seats(); ++seat) {
    Worker& worker = workers.at(seat);
    worker.tasks.clear();
    worker.limited = 0;
    if (worker.state == WorkerState::starting || worker.state == WorkerState::ready)
      kill(seat, out);
  }
}

void Scheduler::break_pool(Actions& out) {
  if (!state_->broken) state_->give_up(out);
}

void Scheduler::cancel_all(Time now, Actions& out) {
  State& s = *state_;
  s.advance(now);
  s.draining = true;
  std::vector<TaskId> unassigned;
  s.tasks.for_each([&unassigned](TaskId task, const TaskRecord& record) {
    if (record.state != TaskState::assigned) unassigned.push_back(task);
  });
  for (const TaskId task : unassigned) s.settle(task, SettleReason::cancelled, out);
  s.ready.clear();
  for (std::uint32_t seat = 0; seat < s.workers.seats(); ++seat) {
    const Worker& worker = s.workers.at(seat);
    if (worker.tasks.empty()) continue;
    action::Recall recall{s.workers.id(seat), {}};
    worker.tasks.newest_behind_front([&recall](TaskId task) {
      recall.tasks.push_back(task);
      return true;
    });
    recall.tasks.push_back(worker.tasks.front());
    out.emplace_back(std::move(recall));
  }
}

void Scheduler::close() {
  state_->closed = state_->changed = true;
  state_->prestart = 0;
}

// -- questions ------------------------------------------------------------------------------------

bool Scheduler::broken() const { return state_->broken; }
bool Scheduler::idle() const { return pending() == 0; }
std::uint64_t Scheduler::pending() const { return state_->tasks.size() + state_->unsaid.size(); }
int Scheduler::workers() const { return static_cast<int>(state_->workers.alive()); }

std::optional<int> Scheduler::sated() const {
  const State& s = *state_;
  const std::uint64_t more = 2ULL * s.workers.most() * s.low_water;  // then no batch is cut
  const bool all_serve = s.workers.count(WorkerState::ready) == s.workers.most();
  if (s.changed || !all_serve || s.ready.size() < more) return std::nullopt;
  return s.ready.top_priority();
}

std::uint32_t Scheduler::attempt(TaskId task) const {
  const TaskRecord* record = state_->tasks.find(task);
  return record == nullptr ? 0 : record->attempt;
}

}  // namespace procfarm
