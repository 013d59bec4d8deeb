// SPDX-License-Identifier: MIT
// scheduler_limits.cpp - everything that happens because time has passed: time limits of running
// tasks, grace after a Stop, delays before further attempts, tasks stuck behind a long one.
// Only the front of a worker's list can have begun, so each worker has one watch and at most one
// valid timer, however many tasks with limits it holds.
#include <algorithm>
#include <chrono>

#include "scheduler_state.hpp"

namespace procfarm {

using scheduling::Asked;
using scheduling::TaskRecord;
using scheduling::TaskState;
using scheduling::Watch;
using scheduling::Worker;
using scheduling::WorkerState;
namespace mark = scheduling::mark;

namespace {
constexpr Duration shortest_repeat = std::chrono::milliseconds{1};
constexpr std::size_t pauses_kept = 64;
}  // namespace

Time scheduling::later(Time time, Duration duration) {
  return duration < Time::max() - time ? time + duration : Time::max();
}

Time Scheduler::State::limit_clock() const { return suspended_at.value_or(now); }

void Scheduler::State::watch_front(std::uint32_t seat) {
  Worker& worker = workers.at(seat);
  if (worker.limited != 0 && worker.watch == Watch::none) {
    const TaskId front = worker.tasks.front();
    if (const auto& timeout = tasks.find(front)->policy->timeout) {
      worker.watch = Watch::inspect;
      worker.watched = front;
      worker.watch_at = scheduling::later(worker.front_since, *timeout);
      arm(seat);
    }
  }
  if (worker.timer_at == Time::max() && worker.unbegun() != 0) arm(seat);
}

bool Scheduler::State::is_stuck(const Worker& worker) const {
  return !suspended_at && !worker.tasks.empty() &&
         now >= scheduling::later(worker.front_since, credit.patience());
}

Time Scheduler::State::next_check(const Worker& worker) const {
  if (worker.state != WorkerState::ready) return Time::max();
  Time due = worker.watch == Watch::none ? Time::max() : worker.watch_at;
  if (worker.unbegun() != 0 && worker.asked == Asked::no) {
    const Time stuck_at = scheduling::later(worker.front_since, credit.patience());
    if (stuck_at > now) due = std::min(due, stuck_at);
  }
  return due;
}

void Scheduler::State::arm(std::uint32_t seat) {
  Worker& worker = workers.at(seat);
  const Time due = next_check(worker);
  if (due >= worker.timer_at) return;
  worker.timer_at = due;
  checks.push({due, seat});
}

void Scheduler::State::check(std::uint32_t seat, Actions& out) {
  Worker& worker = workers.at(seat);
  if (worker.state != WorkerState::ready) return;
  if (worker.watch != Watch::none && worker.watch_at <= now) {
    TaskRecord& record = *tasks.find(worker.watched);
    switch (worker.watch) {
      case Watch::inspect:
        out.emplace_back(action::Inspect{workers.id(seat), worker.watched});
        worker.watch_at = Time::max();  // until the answer, which comes at once
        break;
      case Watch::limit: stop(worker.watched, record, mark::timed_out, out); break;
      case Watch::grace: return kill(seat, out);
      case Watch::none: break;
    }
  }
  // With one worker nobody else could run them; a higher priority is dispatch()'s business.
  const bool others = workers.most() > 1;
  if (others && worker.asked == Asked::no && worker.watch != Watch::grace && is_stuck(worker))
    recall_newest(seat, worker.unbegun(), out);
}

void Scheduler::State::stop(TaskId task, TaskRecord& record, std::uint8_t why, Actions& out) {
  const std::uint32_t seat = record.seat;
  Worker& worker = workers.at(seat);
  if (worker.state != WorkerState::ready) return;  // its Kill is on the way
  // One behind it is being stopped, so it has begun and this one has ended: its result is under
  // way.
  if (worker.watch == Watch::grace && worker.tasks.precedes(task, worker.watched)) return;
  record.marks = static_cast<std::uint8_t>(record.marks | why | mark::stopping);
  out.emplace_back(action::Stop{workers.id(seat), task, record.policy->grace});
  worker.watch = Watch::grace;
  worker.watched = task;
  worker.watch_at = scheduling::later(limit_clock(), record.policy->grace);
  recall_behind(seat, task, out);
  workers.place(seat, low_water);
  arm(seat);
}

void Scheduler::State::kill(std::uint32_t seat, Actions& out) {
  Worker& worker = workers.at(seat);
  if (worker.watch == Watch::grace) recall_behind(seat, worker.watched, out);
  worker.watch = Watch::none;
  out.emplace_back(action::Kill{workers.id(seat)});
  workers.set_state(seat, WorkerState::killed);
  workers.place(seat, low_water);
}

Duration Scheduler::State::paused_since(Time start) const {
  Duration paused{};
  for (const Pause& pause : pauses) {
    // A task may begin in a pause, before its worker is stopped as well.
    const Time end = pause.start + pause.length;
    if (end > start) paused += end - std::max(pause.start, start);
  }
  return paused;
}

void Scheduler::begun(WorkerId worker, TaskId task, Time started, Time now, Actions& out) {
  State& s = *state_;
  TaskRecord* record = s.held(worker, task);
  if (record == nullptr || !record->policy->timeout) return;
  s.advance(now);
  Worker& runner = s.workers.at(worker.seat);
  if (runner.watch == Watch::grace) return;
  started = std::clamp(started, Time{}, s.now);  // it is the worker's word
  runner.watch = Watch::limit;
  runner.watched = task;
  runner.watch_at = scheduling::later(started, *record->policy->timeout);
  runner.watch_at = scheduling::later(runner.watch_at, s.paused_since(started));
  if (runner.watch_at <= s.now && !s.suspended_at)
    return s.stop(task, *record, mark::timed_out, out);
  s.arm(worker.seat);
}

void Scheduler::not_begun(WorkerId worker, TaskId task, Time now) {
  State& s = *state_;
  const TaskRecord* record = s.held(worker, task);
  if (record == nullptr || !record->policy->timeout) return;
  s.advance(now);
  Worker& holder = s.workers.at(worker.seat);
  if (holder.watch != Watch::inspect || holder.watched != task) return;
  holder.watch_at =
      scheduling::later(s.limit_clock(), std::max(*record->policy->timeout, shortest_repeat));
  s.arm(worker.seat);
}

void Scheduler::tick(Time now, Actions& out) {
  State& s = *state_;
  s.now = std::max(s.now, now);
  s.say_pending(out);
  while (!s.delays.empty() && s.delays.top().at <= s.now) {
    const TaskId task = s.delays.top().subject;
    s.delays.pop();
    TaskRecord* record = s.tasks.find(task);
    if (record == nullptr || record->state != TaskState::delayed) continue;
    s.make_pending(task, *record);
    s.changed = true;
  }
  if (s.now >= s.respawn_at && s.workers_to_start() != 0) s.changed = true;
  if (s.suspended_at) return;
  while (!s.checks.empty() && s.checks.top().at <= s.now) {
    const auto [at, seat] = s.checks.top();
    s.checks.pop();
    Worker& worker = s.workers.at(seat);
    if (worker.timer_at != at) continue;  // a later or earlier one has replaced it
    worker.timer_at = Time::max();
    s.check(seat, out);
    s.arm(seat);
    s.changed = true;
  }
}

Duration Scheduler::pace() const { return state_->credit.pace(state_->capacity); }

std::optional<Time> Scheduler::next_wakeup() const {
  const State& s = *state_;
  if (s.changed || !s.unsaid.empty() || !s.to_stop.empty()) return s.now;
  Time earliest = Time::max();
  if (!s.delays.empty()) earliest = s.delays.top().at;
  if (!s.checks.empty() && !s.suspended_at) earliest = std::min(earliest, s.checks.top().at);
  if (s.now < s.respawn_at && s.workers_to_start() != 0)
    earliest = std::min(earliest, s.respawn_at);
  if (earliest == Time::max()) return std::nullopt;
  return earliest;
}

void Scheduler::suspend(Time now) {
  State& s = *state_;
  s.advance(now);
  if (!s.suspended_at) s.suspended_at = s.now;
}

void Scheduler::resume(Time now) {
  State& s = *state_;
  if (!s.suspended_at) return;
  s.advance(now);
  const Duration length = s.now - *s.suspended_at;
  if (s.pauses.size() == pauses_kept) s.pauses.erase(s.pauses.begin());
  s.pauses.push_back({*s.suspended_at, length});
  s.suspended_at.reset();
  for (std::uint32_t seat = 0; seat < s.workers.seats(); ++seat) {
    Worker& worker = s.workers.at(seat);
    worker.front_since += length;
    worker.watch_at = scheduling::later(worker.watch_at, length);
  }
}

}  // namespace procfarm
