// SPDX-License-Identifier: MIT
// scheduler_dispatch.cpp - who gets what: idle workers first, then new workers, then those that run
// low; a higher priority overtakes what has not begun; a worker without work takes from the
// richest. Each worker gets one batch per dispatch(), so that a batch is one message.
#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "scheduler_state.hpp"

namespace procfarm {

using scheduling::Asked;
using scheduling::SeatLists;
using scheduling::TaskRecord;
using scheduling::TaskState;
using scheduling::Worker;
using scheduling::WorkerState;
using scheduling::WorkerTable;

namespace {
// A list this short is recalled at once for a higher priority; a longer one that moves is
// short-lived.
constexpr std::uint32_t short_list = 16;
constexpr std::size_t overtaking_looks = 64;
}  // namespace

void Scheduler::dispatch(Time now, Actions& out) {
  State& s = *state_;
  s.advance(now);
  s.say_pending(out);
  s.rearrange_touched();
  s.retire(out);
  if (!s.broken && !s.draining && !s.recall_for_newcomers(out)) {
    s.measure();
    const std::size_t hungry = s.workers.places().count(WorkerTable::hungry);
    s.fill_idle(out);
    s.spawn(out);
    s.overtake(out);
    s.fill_hungry(hungry, out);
    s.recall_for_idle(out);
  }
  s.changed = false;
}

/// A round brings many results of a worker: what follows of them for it is done once.
void Scheduler::State::rearrange_touched() {
  for (const std::uint32_t seat : touched)
    if (std::exchange(workers.at(seat).touched, false)) rearrange(seat);
  touched.clear();
}

// -- leaving --------------------------------------------------------------------------------------

void Scheduler::State::retire(Actions& out) {
  for (const WorkerId worker : std::exchange(exhausted, {})) {
    const Worker* found = workers.find(worker);
    if (found != nullptr && found->state == WorkerState::ready) retire_worker(worker.seat, out);
  }
  if (!draining && !(closed && tasks.size() == 0)) return;
  while (!workers.places().empty(WorkerTable::idle))
    retire_worker(workers.places().front(WorkerTable::idle), out);
}

void Scheduler::State::retire_worker(std::uint32_t seat, Actions& out) {
  out.emplace_back(action::Retire{workers.id(seat)});
  workers.set_state(seat, WorkerState::leaving);
  workers.place(seat, low_water);
}

// -- assigning ------------------------------------------------------------------------------------

void Scheduler::State::measure() {
  capacity = credit.tasks(workers.count(WorkerState::ready));
  if (credit.prefetches() && !credit.long_tasks())
    capacity = std::min(capacity + 1, options.max_queued);
  low_water = std::max(1U, capacity / 2);
}

bool Scheduler::State::may_prefetch_long() const {
  return credit.prefetches() && workers.places().empty(WorkerTable::idle) &&
         workers.count(WorkerState::starting) == 0 && workers.alive() == workers.most();
}

std::uint64_t Scheduler::State::batch_for(const Worker& worker) const {
  const std::uint64_t holds = worker.tasks.size();
  if (holds >= capacity || (worker.crowded && holds > 0)) return 0;
  const std::uint64_t room = std::min(capacity - holds, workers.results_left(worker));
  // Guided: the nearer the end, the smaller the batch, so that all workers end together. Who has
  // that much waiting already gets nothing.
  const std::uint64_t busy =
      workers.count(WorkerState::ready) - workers.places().count(WorkerTable::idle);
  const std::uint64_t wanted = std::min<std::uint64_t>(workers.most(), busy + ready.size());
  const std::uint64_t guided = std::max<std::uint64_t>(1, ready.size() / (2 * wanted));
  const std::uint64_t waiting = worker.unbegun();
  return waiting >= guided ? 0 : std::min(room, guided - waiting);
}

void Scheduler::State::fill_idle(Actions& out) {
  while (!ready.empty() && !workers.places().empty(WorkerTable::idle)) {
    const std::uint32_t seat = workers.places().front(WorkerTable::idle);
    assign(seat, batch_for(workers.at(seat)), out);
  }
}

void Scheduler::State::fill_hungry(std::size_t count, Actions& out) {
  if (ready.empty()) return;
  if (credit.long_tasks()) {
    if (!may_prefetch_long()) return;
    capacity = std::min(2U, options.max_queued);
    count = workers.places().count(WorkerTable::hungry);  // those just filled may prefetch at once
  }
  std::uint32_t seat = workers.places().front(WorkerTable::hungry);
  for (; count > 0 && seat != SeatLists::none && !ready.empty(); --count) {
    const std::uint32_t next = workers.places().next(seat);
    const Worker& worker = workers.at(seat);
    const std::uint64_t batch = is_stuck(worker) ? 0 : batch_for(worker);
    // Out of the list until its next result; then it is placed anew.
    if (batch == 0)
      workers.places().remove(seat);
    else if (worker.asked != Asked::waiting)
      assign(seat, batch, out);
    seat = next;
  }
}

void Scheduler::State::assign(std::uint32_t seat, std::uint64_t count, Actions& out) {
  Worker& worker = workers.at(seat);
  action::Assign batch{workers.id(seat), {}};
  batch.tasks.reserve(count);
  if (worker.tasks.empty()) {
    worker.front_since = limit_clock();
    worker.lowest_priority = std::numeric_limits<int>::max();
  }
  while (count > 0 && !ready.empty()) {
    count -= ready.pop(tasks, count, [&](TaskId task, TaskRecord& record) {
      record.state = TaskState::assigned;
      record.seat = static_cast<std::uint16_t>(seat);
      push_to(worker, task, record);
      batch.tasks.push_back({task, record.attempt});
    });
  }
  assigned += batch.tasks.size();
  worker.asked = Asked::no;
  out.emplace_back(std::move(batch));
  watch_front(seat);
  workers.place(seat, low_water);
}

void Scheduler::State::push_to(Worker& worker, TaskId task, TaskRecord& record) {
  const int priority = record.policy->priority;
  if (!worker.tasks.empty()) worker.lowest_priority = std::min(worker.lowest_priority, priority);
  lowest_assigned =
      assigned == 0 && worker.tasks.empty() ? priority : std::min(lowest_assigned, priority);
  if (record.policy->timeout) ++worker.limited;
  worker.tasks.push_back(task);
}

// -- starting -------------------------------------------------------------------------------------

std::uint64_t Scheduler::State::workers_to_start() const {
  const std::uint64_t starting = workers.count(WorkerState::starting);
  const auto wanted = std::max<std::uint64_t>(ready.size(), prestart);
  if (broken || draining || wanted <= starting) return 0;
  return std::min<std::uint64_t>(workers.most() - workers.alive(), wanted - starting);
}

void Scheduler::State::spawn(Actions& out) {
  if (now < respawn_at || suspended_at) return;
  for (std::uint64_t count = workers_to_start(); count > 0; --count)
    out.emplace_back(action::Spawn{workers.start()});
  prestart = 0;
}

// -- taking back ----------------------------------------------------------------------------------

void Scheduler::State::overtake(Actions& out) {
  if (ready.empty() || ready.top_priority() <= lowest_assigned) return;
  const int priority = ready.top_priority();
  std::uint64_t needed = ready.top_count();
  std::size_t looks = overtaking_looks;
  SeatLists& donors = workers.donors();
  for (SeatLists::List list = 0; list < WorkerTable::donor_lists; ++list) {
    for (std::size_t left = std::min(looks, donors.count(list)); left > 0; --left, --looks) {
      const std::uint32_t seat = donors.front(list);
      donors.put_back(list, seat);  // the next look begins with others
      const Worker& worker = workers.at(seat);
      const bool soon =
          worker.unbegun() > short_list && worker.tasks.size() > low_water && !is_stuck(worker);
      if (worker.lowest_priority >= priority || soon) continue;
      needed -= std::min(needed, recall_lower(seat, priority, out));
      if (needed == 0) return;
    }
  }
}

std::uint64_t Scheduler::State::recall_lower(std::uint32_t seat, int priority, Actions& out) {
  Worker& worker = workers.at(seat);
  action::Recall recall{workers.id(seat), {}};
  int lowest = std::numeric_limits<int>::max();
  worker.tasks.newest_behind_front([&](TaskId task) {
    const int its = tasks.find(task)->policy->priority;
    lowest = std::min(lowest, its);
    if (its < priority) recall.tasks.push_back(task);
    return true;
  });
  worker.lowest_priority = lowest;
  if (recall.tasks.empty()) return 0;
  const std::uint64_t count = recall.tasks.size();
  worker.asked = Asked::waiting;
  workers.place(seat, low_water);
  out.emplace_back(std::move(recall));
  return count;
}

/// While a worker starts, tasks are handed ahead to others, and the first of them turns out to be
/// long: what waits behind it comes before what was submitted later. True if something was asked
/// for, here or since the last dispatch; the next one has the answers.
bool Scheduler::State::recall_for_newcomers(Actions& out) {
  if (!std::exchange(newcomers, false)) return false;
  std::size_t idle = workers.places().count(WorkerTable::idle);
  constexpr auto lists_end = static_cast<SeatLists::List>(std::bit_width(short_list));
  for (SeatLists::List list = 0; list < lists_end; ++list) {
    while (idle > 0 && !workers.donors().empty(list)) {
      const std::uint32_t donor = workers.donors().front(list);
      const std::uint32_t count = workers.at(donor).unbegun();
      recall_newest(donor, count, out);
      idle -= std::min<std::size_t>(idle, count);
    }
  }
  return std::any_of(out.begin(), out.end(), [](const Action& each) {
    return std::holds_alternative<action::Recall>(each);
  });
}

void Scheduler::State::recall_for_idle(Actions& out) {
  if (!ready.empty()) return;
  std::size_t idle = workers.places().count(WorkerTable::idle);
  while (idle > 0) {
    const std::uint32_t donor = workers.best_donor();
    if (donor == SeatLists::none) return;
    const Worker& rich = workers.at(donor);
    if (!credit.worth_moving(rich.unbegun()) && !is_stuck(rich)) return;
    const std::uint32_t count = (rich.unbegun() + 1) / 2;
    recall_newest(donor, count, out);
    idle -= std::min<std::size_t>(idle, count);
  }
}

void Scheduler::State::recall_newest(std::uint32_t seat, std::uint32_t count, Actions& out) {
  Worker& worker = workers.at(seat);
  if (count == 0) return;
  action::Recall recall{workers.id(seat), {}};
  recall.tasks.reserve(count);
  worker.tasks.newest_behind_front([&recall, count](TaskId task) {
    recall.tasks.push_back(task);
    return recall.tasks.size() < count;
  });
  worker.asked = Asked::waiting;
  workers.place(seat, low_water);
  out.emplace_back(std::move(recall));
}

void Scheduler::State::recall_behind(std::uint32_t seat, TaskId task, Actions& out) {
  action::Recall recall{workers.id(seat), {}};
  workers.at(seat).tasks.newest_behind_front([&recall, task](TaskId newer) {
    if (newer == task) return false;
    recall.tasks.push_back(newer);
    return true;
  });
  if (!recall.tasks.empty()) out.emplace_back(std::move(recall));
}

}  // namespace procfarm
