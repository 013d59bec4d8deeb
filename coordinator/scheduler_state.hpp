// SPDX-License-Identifier: MIT
// scheduler_state.hpp - everything the scheduler remembers, and the steps its events are made of.
// scheduler.cpp: the events of tasks, workers and the whole; scheduler_attempts.cpp: what becomes
// of an attempt; scheduler_limits.cpp: time; scheduler_dispatch.cpp: who gets what;
// scheduler_check.cpp: the invariants. Tables of their own: tasks, pending tasks, workers, credit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <queue>
#include <vector>

#include "credit.hpp"
#include "ready_queue.hpp"
#include "scheduler.hpp"
#include "task_table.hpp"
#include "worker_table.hpp"

namespace procfarm {

namespace scheduling {

template <class Subject>
struct Timer {
  Time at;
  Subject subject;
  bool operator>(const Timer& other) const { return at > other.at; }
};
/// Earliest first. Entries are never removed early: whoever takes one checks that it still holds.
template <class Subject>
using Timers = std::priority_queue<Timer<Subject>, std::vector<Timer<Subject>>, std::greater<>>;

/// time + duration, at most Time::max().
Time later(Time time, Duration duration);

}  // namespace scheduling

struct Scheduler::State {
  explicit State(SchedulerOptions chosen);

  // -- tasks ------------------------------------------------------------------------------------
  void advance(Time to);
  void make_pending(TaskId task, scheduling::TaskRecord& record);
  /// A new one, because nothing starts any more.
  void refuse(TaskId task, Actions& out) const;
  void settle(TaskId task, SettleReason reason, Actions& out);
  void settle_later(TaskId task, SettleReason reason);
  /// Erases what is not assigned, so that the caller may tell why.
  void forget_unassigned(TaskId task, const scheduling::TaskRecord& record);
  /// What earlier calls without an Actions parameter left to say.
  void say_pending(Actions& out);

  // -- attempts ---------------------------------------------------------------------------------
  /// The record of `task` if it is assigned to `worker`, else null.
  scheduling::TaskRecord* held(WorkerId worker, TaskId task);
  /// Takes an assigned task from its worker's list.
  void detach(TaskId task, const scheduling::TaskRecord& record);
  void take_from(scheduling::Worker& worker, TaskId task, const scheduling::TaskRecord& record);
  /// The worker of this seat has less to do than before.
  void rearrange(std::uint32_t seat);
  /// An unbegun task comes back, free of charge.
  void give_back(TaskId task, scheduling::TaskRecord& record);
  bool may_retry(const scheduling::TaskRecord& record, RetryOn cause) const;
  void retry(TaskId task, scheduling::TaskRecord& record);
  void charge_loss(TaskId task, scheduling::TaskRecord& record, Actions& out);
  Verdict judge(TaskId task, scheduling::TaskRecord& record, AttemptEnd end);
  /// `fruitless`: it had tasks, but neither finished nor began one.
  void delay_next_start();
  void count_loss(scheduling::WorkerState state, bool fruitless, Actions& out);

  /// The pool is broken: settles all, ends all workers.
  void give_up(Actions& out);

  // -- time -------------------------------------------------------------------------------------
  /// The clock of limits: stands still from suspend() to resume().
  Time limit_clock() const;
  void watch_front(std::uint32_t seat);
  Time next_check(const scheduling::Worker& worker) const;
  void arm(std::uint32_t seat);
  void check(std::uint32_t seat, Actions& out);
  void stop(TaskId task, scheduling::TaskRecord& record, std::uint8_t why, Actions& out);
  void kill(std::uint32_t seat, Actions& out);
  bool is_stuck(const scheduling::Worker& worker) const;
  Duration paused_since(Time start) const;

  // -- dispatch ---------------------------------------------------------------------------------
  void rearrange_touched();
  void retire(Actions& out);
  void retire_worker(std::uint32_t seat, Actions& out);
  void measure();
  bool may_prefetch_long() const;
  void fill_idle(Actions& out);
  /// The first `count` of the list: those who came later have had their batch.
  void fill_hungry(std::size_t count, Actions& out);
  std::uint64_t batch_for(const scheduling::Worker& worker) const;
  void assign(std::uint32_t seat, std::uint64_t count, Actions& out);
  void push_to(scheduling::Worker& worker, TaskId task, scheduling::TaskRecord& record);
  std::uint64_t workers_to_start() const;
  void spawn(Actions& out);
  void overtake(Actions& out);
  std::uint64_t recall_lower(std::uint32_t seat, int priority, Actions& out);
  bool recall_for_newcomers(Actions& out);
  void recall_for_idle(Actions& out);
  void recall_newest(std::uint32_t seat, std::uint32_t count, Actions& out);
  void recall_behind(std::uint32_t seat, TaskId task, Actions& out);

  // -- invariants: each throws std::logic_error ---------------------------------------------------
  void check_tasks() const;
  void check_workers() const;
  void check_lists() const;
  void check_timers() const;

  SchedulerOptions options;
  scheduling::TaskTable tasks{};
  scheduling::ReadyQueue ready{};
  scheduling::WorkerTable workers;
  scheduling::Credit credit;

  Time now{};                                  // of the latest event that told it
  scheduling::Timers<TaskId> delays{};         // of delayed tasks
  scheduling::Timers<std::uint32_t> checks{};  // of seats; valid if equal to their timer_at
  std::optional<Time> suspended_at{};
  struct Pause {
    Time start;
    Duration length;
  };
  std::vector<Pause> pauses{};

  std::vector<action::Settle> unsaid{};  // decided by a call without an Actions parameter
  std::vector<TaskId> to_stop{};         // cancel_running found them begun
  std::vector<WorkerId> exhausted{};     // had their last result
  std::vector<std::uint32_t> touched{};  // seats, also such as are not touched any more

  std::uint32_t capacity = 1;   // tasks per worker, prefetched one included
  std::uint32_t low_water = 1;  // with so many left a worker gets more
  int lowest_assigned = std::numeric_limits<int>::max();  // priority, or less
  std::uint64_t assigned = 0;                             // tasks in workers' lists

  std::uint64_t prestart;  // how many workers the next dispatch starts, whatever there is to do
  Time respawn_at{};
  int failed_starts = 0;      // in a row
  int fruitless_workers = 0;  // in a row: lost with tasks, but began none
  bool broken = false;
  bool closed = false;
  bool draining = false;   // cancel_all: nothing starts any more
  bool newcomers = false;  // workers became ready since the last dispatch()
  bool changed = false;    // since the last dispatch()
};

}  // namespace procfarm
