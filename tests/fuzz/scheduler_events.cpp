// SPDX-License-Identifier: MIT
// scheduler_events.cpp - the coordinator's state machine under any sequence of events, as workers,
// supervisor and users could cause them: known and unknown tasks, attempts and lives, in and out of
// state, with any times. Recalls and inspections are answered at once, as the driver does, by what
// the worker's page claims.
#include "input.hpp"

#include <chrono>
#include <deque>
#include <set>
#include <variant>

#include "coordinator/scheduler.hpp"

using namespace procfarm;

namespace {

class Driver {
 public:
  explicit Driver(fuzz::Input input)
      : input_(input),
        scheduler_({.max_workers = 1 + input_.byte() % 4,
                    .max_tasks_per_child = tasks_each(input_.byte()),
                    .max_queued = 1U + input_.byte() % 8,
                    .max_failed_starts = 1 + input_.byte() % 5}) {}

  void run() {
    for (int events = 0; !input_.empty() && events < 2000; ++events) {
      event();
      scheduler_.check_invariants();
      if (input_.byte() % 2 == 0) dispatch();
    }
    dispatch();
    fuzz::expect(open_.empty() == scheduler_.idle(), "what is not settled is still known");
  }

 private:
  static std::optional<int> tasks_each(std::uint8_t byte) {
    return byte % 2 == 0 ? std::nullopt : std::optional<int>(1 + byte % 5);
  }
  std::int64_t some_time() {
    return static_cast<std::int64_t>(input_.number(input_.byte() % 4 == 0 ? 8 : 2));
  }
  TaskId task() { return TaskId{input_.byte() % (last_ + 2)}; }
  WorkerId worker() { return {input_.byte() % 5U, input_.byte() % 4U}; }

  void event() {
    Actions out;
    switch (input_.byte() % 13) {
      case 0:
      case 1:
      case 2: submit(out); break;
      case 3: scheduler_.released(task()); break;
      case 4: cancel(task()); break;
      case 5: scheduler_.cancel_running(task(), now_, out); break;
      case 6:
      case 7: finish(); break;
      case 8:
      case 9: scheduler_.worker_ready(worker(), now_); break;
      case 10: lose(out); break;
      case 11: pass(out); break;
      case 12: whole(out); break;
    }
    obey(out);
  }

  void submit(Actions& out) {
    TaskPolicy& policy = policies_.emplace_back();
    policy.priority = input_.byte() % 3;
    if (input_.byte() % 3 == 0) policy.timeout = std::chrono::milliseconds(input_.byte());
    policy.grace = std::chrono::milliseconds(input_.byte() % 4);
    policy.retry.max_attempts = input_.byte() % 4;
    policy.retry.delay = std::chrono::milliseconds(input_.byte() % 3);
    const TaskId first{last_ + 1};
    const std::uint32_t count = 1 + input_.byte() % 3;
    for (std::uint32_t i = 0; i < count; ++i) open_.insert(TaskId{++last_});
    scheduler_.submitted(first, count, policy, input_.byte() % 8 == 0, out);
  }
  void cancel(TaskId task) {
    scheduler_.cancelled(task);
    open_.erase(task);
  }
  void finish() {
    const TaskId which = task();
    const Verdict verdict = scheduler_.finished(worker(), which, input_.byte() % 4U,
                                                static_cast<AttemptEnd>(input_.byte() % 3),
                                                Duration{some_time()}, now_);
    if (verdict != Verdict::stale && verdict != Verdict::retry) close(which);
  }
  void lose(Actions& out) {
    const std::optional<TaskId> running =
        input_.byte() % 2 == 0 ? std::nullopt : std::optional(task());
    if (input_.byte() % 8 == 0) return scheduler_.start_refused(worker(), now_, out);
    scheduler_.worker_lost(worker(), running, now_, out);
  }
  void pass(Actions& out) {
    now_ += std::chrono::microseconds(input_.number(2));
    scheduler_.tick(now_, out);
    const auto next = scheduler_.next_wakeup();
    fuzz::expect(!next || *next >= Time{}, "the next time to wake is a time");
  }
  void whole(Actions& out) {
    switch (input_.byte() % 16) {
      case 0: return scheduler_.break_pool(out);
      case 1: return scheduler_.cancel_all(now_, out);
      case 2: return scheduler_.close();
      default: return input_.byte() % 2 == 0 ? scheduler_.suspend(now_) : scheduler_.resume(now_);
    }
  }
  void dispatch() {
    for (int turns = 0;; ++turns) {
      fuzz::expect(turns < 1000, "dispatch comes to rest");
      Actions out;
      scheduler_.dispatch(now_, out);
      scheduler_.check_invariants();
      if (out.empty()) return;
      obey(out);
    }
  }
  void close(TaskId task) { fuzz::expect(open_.erase(task) == 1, "a task is settled once"); }
  void obey(const Actions& actions) {
    for (const Action& each : actions) {
      if (const auto* settled = std::get_if<action::Settle>(&each)) close(settled->task);
      if (const auto* recall = std::get_if<action::Recall>(&each)) answer(*recall);
      if (const auto* inspect = std::get_if<action::Inspect>(&each)) answer(*inspect);
    }
  }
  void answer(const action::Inspect& inspect) {
    if (input_.byte() % 2 == 0) return scheduler_.not_begun(inspect.worker, inspect.task, now_);
    Actions out;
    scheduler_.begun(inspect.worker, inspect.task, Time{some_time()}, now_, out);
    obey(out);
  }
  void answer(const action::Recall& recall) {
    for (const TaskId task : recall.tasks) {
      if (input_.byte() % 2 == 0)
        scheduler_.recalled(recall.worker, task);
      else
        scheduler_.recall_refused(recall.worker, task);
    }
  }

  fuzz::Input input_;
  std::deque<TaskPolicy> policies_;  // lent: addresses stay
  Scheduler scheduler_;
  std::set<TaskId> open_;
  std::uint64_t last_ = 0;
  Time now_ = std::chrono::hours(1);
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Driver(fuzz::Input(data, size)).run();
  return 0;
}
