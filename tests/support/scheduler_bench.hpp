// SPDX-License-Identifier: MIT
// scheduler_bench.hpp - a scheduler on the workbench: its own clock, every event one short call,
// what it decides is taken as a list that reads like the rule under test. Checks the invariants
// after every event, and at the end that nothing was decided that the test did not look at.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "coordinator/scheduler.hpp"

namespace procfarm::test {

using namespace std::chrono_literals;
using namespace procfarm::action;

inline WorkerId worker(std::uint32_t seat, std::uint32_t incarnation = 0) {
  return {seat, incarnation};
}

template <class... Each>
Actions actions(Each... each) {
  Actions all;
  (all.emplace_back(std::move(each)), ...);
  return all;
}

/// The actions of one kind, in order.
template <class Kind>
std::vector<Kind> all_of(const Actions& all) {
  std::vector<Kind> found;
  for (const Action& each : all)
    if (const Kind* kind = std::get_if<Kind>(&each)) found.push_back(*kind);
  return found;
}

/// First attempts of these tasks.
inline Assign assign(WorkerId to, std::initializer_list<TaskId> tasks) {
  Assign batch{to, {}};
  for (const TaskId task : tasks) batch.tasks.push_back({task, 1});
  return batch;
}
inline Assign again(WorkerId to, TaskId task, std::uint32_t attempt) {
  return {to, {{task, attempt}}};
}
inline Settle settle(TaskId task, SettleReason reason, std::uint32_t attempt = 1) {
  return {task, reason, attempt};
}

inline std::string text(TaskId task) {
  return "#" + std::to_string(static_cast<std::uint64_t>(task));
}
inline std::string text(WorkerId id) {
  return "worker " + std::to_string(id.seat) + "." + std::to_string(id.incarnation);
}

struct ActionText {
  std::string operator()(const Spawn& a) const { return "Spawn " + text(a.worker); }
  std::string operator()(const Kill& a) const { return "Kill " + text(a.worker); }
  std::string operator()(const Retire& a) const { return "Retire " + text(a.worker); }
  std::string operator()(const Inspect& a) const {
    return "Inspect " + text(a.worker) + text(a.task);
  }
  std::string operator()(const Stop& a) const {
    return "Stop " + text(a.worker) + " " + text(a.task);
  }
  std::string operator()(const Assign& a) const {
    std::string line = "Assign " + text(a.worker);
    for (const Dispatch& each : a.tasks)
      line += " " + text(each.task) + "/" + std::to_string(each.attempt);
    return line;
  }
  std::string operator()(const Recall& a) const {
    std::string line = "Recall " + text(a.worker);
    for (const TaskId task : a.tasks) line += " " + text(task);
    return line;
  }
  std::string operator()(const Settle& a) const {
    return "Settle " + text(a.task) + " reason " + std::to_string(static_cast<int>(a.reason)) +
           " attempt " + std::to_string(a.attempt);
  }
};

inline std::string text(const Actions& all) {
  std::string lines;
  for (const Action& each : all) lines += "\n  " + std::visit(ActionText{}, each);
  return lines.empty() ? "nothing" : lines;
}

struct BenchOptions {
  int workers = 1;
  int prestart = 0;
  std::optional<int> tasks_each{};
  std::uint32_t max_queued = 2048;
};

/// One thread at a time.
class SchedulerBench {
 public:
  explicit SchedulerBench(BenchOptions options = {})
      : scheduler({.max_workers = options.workers,
                   .prestart = options.prestart,
                   .max_tasks_per_child = options.tasks_each,
                   .window = std::chrono::microseconds{200},  // what the tests count with
                   .max_queued = options.max_queued}) {}
  ~SchedulerBench() {
    scheduler.check_invariants();
    CHECK_MESSAGE(untaken_.empty(), "nobody looked at:", text(untaken_));
  }

  // -- tasks ------------------------------------------------------------------------------------
  TaskId submit(const TaskPolicy& policy = {}) { return add(policy, false); }
  TaskId submit_waiting(const TaskPolicy& policy = {}) { return add(policy, true); }
  std::vector<TaskId> submit_many(int count, const TaskPolicy& policy = {}) {
    std::vector<TaskId> tasks;
    while (count-- > 0) tasks.push_back(submit(policy));
    return tasks;
  }
  void cancel_running(TaskId task) {
    scheduler.cancel_running(task, now, untaken_);
    check();
  }
  void cancelled(TaskId task) {
    scheduler.cancelled(task);
    check();
  }
  void released(TaskId task) {
    scheduler.released(task);
    check();
  }

  // -- attempts ---------------------------------------------------------------------------------
  /// The task's current attempt ends on that worker.
  Verdict finish(WorkerId on, TaskId task, Duration took = 1ms,
                 AttemptEnd end = AttemptEnd::succeeded) {
    return report(on, task, scheduler.attempt(task), took, end);
  }
  Verdict fail(WorkerId on, TaskId task) { return finish(on, task, 1ms, AttemptEnd::threw); }
  Verdict report(WorkerId on, TaskId task, std::uint32_t attempt, Duration took = 1ms,
                 AttemptEnd end = AttemptEnd::succeeded) {
    const Verdict verdict = scheduler.finished(on, task, attempt, end, took, now);
    check();
    return verdict;
  }
  void give_back(WorkerId from, TaskId task) {
    scheduler.recalled(from, task);
    check();
  }
  void give_back_all(const Recall& recall) {
    for (const TaskId task : recall.tasks) give_back(recall.worker, task);
  }
  void refuse(WorkerId from, TaskId task) {
    scheduler.recall_refused(from, task);
    check();
  }
  void begun(WorkerId on, TaskId task, Time started) {
    scheduler.begun(on, task, started, now, untaken_);
    check();
  }
  void not_begun(WorkerId on, TaskId task) {
    scheduler.not_begun(on, task, now);
    check();
  }

  // -- workers ----------------------------------------------------------------------------------
  void ready(WorkerId who) {
    scheduler.worker_ready(who, now);
    check();
  }
  void lose(WorkerId who, std::optional<TaskId> running = {}) {
    scheduler.worker_lost(who, running, now, untaken_);
    check();
  }

  void refuse_start(WorkerId who) {
    scheduler.start_refused(who, now, untaken_);
    check();
  }

  // -- the whole --------------------------------------------------------------------------------
  void pass(Duration duration) {
    now += duration;
    scheduler.tick(now, untaken_);
    check();
  }
  /// Dispatches; all that was decided since the last take.
  Actions take() {
    scheduler.dispatch(now, untaken_);
    check();
    return std::exchange(untaken_, {});
  }
  /// Starts all workers and lets each task so far finish, so that the credit knows such tasks.
  void warm_up(int workers, int tasks, Duration took) {
    for (int i = 0; i < tasks; ++i) submit();
    run_all(took);
    REQUIRE(scheduler.workers() == workers);
  }
  /// Plays all workers until nothing is left.
  void run_all(Duration took) {
    for (std::deque<Action> todo; !scheduler.idle();) {
      for (Action& each : take()) todo.push_back(std::move(each));
      REQUIRE(!todo.empty());
      const Action next = std::move(todo.front());
      todo.pop_front();
      if (const auto* spawn = std::get_if<Spawn>(&next)) ready(spawn->worker);
      if (const auto* recall = std::get_if<Recall>(&next))
        for (const TaskId task : recall->tasks) refuse(recall->worker, task);
      if (const auto* batch = std::get_if<Assign>(&next))
        for (const Dispatch& each : batch->tasks) finish(batch->worker, each.task, took);
    }
    CHECK(take().empty());
  }

  Time now = 1h;
  Scheduler scheduler;

 private:
  TaskId add(const TaskPolicy& policy, bool waiting) {
    policies_.push_back(policy);
    const TaskId task{++last_};
    scheduler.submitted(task, policies_.back(), waiting, untaken_);
    check();
    return task;
  }
  // With many tasks only now and then: it looks at all of them.
  void check() {
    if (scheduler.pending() < 100 || ++unchecked_ % 64 == 0) scheduler.check_invariants();
  }

  std::deque<TaskPolicy> policies_;  // lent to the scheduler: addresses stay
  std::uint64_t last_ = 0;
  std::uint64_t unchecked_ = 0;
  Actions untaken_;
};

/// One worker that has been given `task`.
struct Running : SchedulerBench {
  explicit Running(const TaskPolicy& policy) {
    task = submit(policy);
    take();
    ready(worker(0));
    CHECK(take() == actions(assign(worker(0), {task})));
  }
  /// Passes the limit of 1 s; the task began when it was assigned.
  void overrun() {
    pass(1s);
    CHECK(take() == actions(Inspect{worker(0), task}));
    begun(worker(0), task, now - 1s);
    CHECK(take() == actions(Stop{worker(0), task, 2s}));
  }
  TaskId task;
};

}  // namespace procfarm::test

template <>
struct doctest::StringMaker<procfarm::Actions> {
  static String convert(const procfarm::Actions& all) { return procfarm::test::text(all).c_str(); }
};
