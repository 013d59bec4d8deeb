// SPDX-License-Identifier: MIT
// scheduler_check.cpp - the invariants, computed from the tables alone: each task in exactly one
// state, tasks and workers' lists agree, nobody holds more than allowed, every list is the one its
// members belong to, nothing that must happen later lacks a timer.
#include <algorithm>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "scheduler_state.hpp"

namespace procfarm {

using scheduling::SeatLists;
using scheduling::TaskRecord;
using scheduling::TaskState;
using scheduling::Watch;
using scheduling::Worker;
using scheduling::WorkerState;
using scheduling::WorkerTable;
namespace mark = scheduling::mark;

namespace {

void require(bool holds, const char* invariant) {
  if (!holds) throw std::logic_error(std::string("scheduler: ") + invariant);
}

std::unordered_map<TaskId, int> copies(const std::vector<TaskId>& tasks) {
  std::unordered_map<TaskId, int> counts;
  for (const TaskId task : tasks) ++counts[task];
  return counts;
}

template <class Subject>
std::vector<scheduling::Timer<Subject>> entries(scheduling::Timers<Subject> timers) {
  std::vector<scheduling::Timer<Subject>> all;
  for (; !timers.empty(); timers.pop()) all.push_back(timers.top());
  return all;
}

}  // namespace

void Scheduler::check_invariants() const {
  state_->check_tasks();
  state_->check_workers();
  state_->check_lists();
  state_->check_timers();
}

void Scheduler::State::check_tasks() const {
  const std::unordered_map<TaskId, int> queued = copies(ready.entries());
  std::uint64_t pending = 0;
  std::uint64_t in_lists = 0;
  std::uint64_t all = 0;
  tasks.for_each([&](TaskId task, const TaskRecord& record) {
    ++all;
    require(record.policy != nullptr && record.attempt >= 1, "a task lacks policy or attempt");
    const auto found = queued.find(task);
    const int copies_queued = found == queued.end() ? 0 : found->second;
    const bool is_pending = record.state == TaskState::pending;
    require(copies_queued == (is_pending ? 1 : 0), "a task is queued if and only if it is pending");
    pending += is_pending;
    in_lists += record.state == TaskState::assigned;
    require(record.state == TaskState::assigned || record.marks == 0,
            "a task that is not assigned is being stopped");
  });
  require(all == tasks.size(), "the number of tasks is wrong");
  require(pending == ready.size(), "the number of pending tasks is wrong");
  require(in_lists == assigned, "the number of assigned tasks is wrong");
  require(!broken || all == 0, "a broken pool holds tasks");
  std::unordered_set<TaskId> told;
  for (const action::Settle& settled : unsaid) {
    require(tasks.find(settled.task) == nullptr, "a settled task came back");
    require(told.insert(settled.task).second, "a task is settled twice");
  }
}

void Scheduler::State::check_workers() const {
  std::uint64_t in_lists = 0;
  for (std::uint32_t seat = 0; seat < workers.seats(); ++seat) {
    const Worker& worker = workers.at(seat);
    std::unordered_set<TaskId> seen;
    std::uint32_t with_limit = 0;
    worker.tasks.for_each([&](TaskId task) {
      const TaskRecord* record = tasks.find(task);
      require(record != nullptr && record->state == TaskState::assigned && record->seat == seat,
              "a worker holds a task that is not assigned to it");
      require(seen.insert(task).second, "a worker holds a task twice");
      with_limit += record->policy->timeout.has_value();
      const bool stopping = (record->marks & mark::stopping) != 0;
      require(!stopping || worker.state == WorkerState::killed || worker.watch == Watch::grace,
              "a task was asked to stop and nobody waits for it");
    });
    require(seen.size() == worker.tasks.size(), "a worker's count of tasks is wrong");
    require(with_limit == worker.limited, "a worker's count of limits is wrong");
    require(worker.tasks.size() <= options.max_queued, "a worker holds more than its credit");
    require(!options.max_tasks_per_child ||
                worker.results + worker.tasks.size() <=
                    static_cast<std::uint64_t>(*options.max_tasks_per_child),
            "a worker got more tasks than it may have in its life");
    const bool may_hold = worker.state == WorkerState::ready || worker.state == WorkerState::killed;
    require(worker.tasks.empty() || may_hold, "a worker that is not ready holds tasks");
    in_lists += seen.size();
  }
  require(in_lists == assigned, "an assigned task is in no worker's list");
  require(workers.alive() <= workers.most(), "too many workers");
}

void Scheduler::State::check_lists() const {
  std::uint32_t ready_workers = 0;
  for (std::uint32_t seat = 0; seat < workers.seats(); ++seat) {
    const Worker& worker = workers.at(seat);
    ready_workers += worker.state == WorkerState::ready;
    if (worker.touched) {
      require(changed, "a worker has reported results and nobody will look at it");
      continue;
    }
    const SeatLists::List listed = workers.places().list_of(seat);
    const SeatLists::List due = workers.place_of(worker, options.max_queued);
    require((listed == WorkerTable::idle) == (due == WorkerTable::idle),
            "a worker is listed as idle if and only if it is");
    require(listed != WorkerTable::hungry || due == WorkerTable::hungry,
            "a worker that takes no tasks is listed as hungry");
    require(workers.donors().list_of(seat) == WorkerTable::donor_list_of(worker),
            "a worker stands in the wrong list of donors");
  }
  require(ready_workers == workers.count(WorkerState::ready), "the number of workers is wrong");
}

void Scheduler::State::check_timers() const {
  std::unordered_set<TaskId> delayed;
  for (const auto& timer : entries(delays)) delayed.insert(timer.subject);
  tasks.for_each([&](TaskId task, const TaskRecord& record) {
    require(record.state != TaskState::delayed || delayed.count(task) == 1,
            "a delayed task has no timer");
  });
  std::vector<Time> earliest(workers.seats(), Time::max());
  for (const auto& timer : entries(checks))
    if (workers.at(timer.subject).timer_at == timer.at) earliest[timer.subject] = timer.at;
  for (std::uint32_t seat = 0; seat < workers.seats(); ++seat) {
    const Worker& worker = workers.at(seat);
    if (worker.state != WorkerState::ready) continue;
    require(earliest[seat] == worker.timer_at, "a worker's timer is missing");
    if (worker.watch == Watch::none) {
      if (worker.limited == 0) continue;
      require(!tasks.find(worker.tasks.front())->policy->timeout, "a time limit is not watched");
      continue;
    }
    require(worker.timer_at <= worker.watch_at, "a worker's watch has no timer");
    const TaskRecord* record = tasks.find(worker.watched);
    require(record != nullptr && record->state == TaskState::assigned && record->seat == seat,
            "a worker is watched for a task it does not hold");
  }
}

}  // namespace procfarm
