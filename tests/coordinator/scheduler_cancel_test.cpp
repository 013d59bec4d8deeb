// SPDX-License-Identifier: MIT
// scheduler_cancel_test.cpp - tasks that are cancelled where they stand: pending, assigned,
// running, between attempts.
#include "coordinator/scheduler.hpp"
#include "support/scheduler_bench.hpp"

using namespace procfarm;
using namespace procfarm::test;

TEST_CASE("a task can be cancelled while it waits for its next attempt") {
  Running bench{{.retry = {.max_attempts = 2, .delay = 1s}}};
  CHECK(bench.fail(worker(0), bench.task) == Verdict::retry);
  SUBCASE("by cancel") { bench.cancelled(bench.task); }
  SUBCASE("by cancel_running") {
    bench.cancel_running(bench.task);
    CHECK(bench.take() == actions(settle(bench.task, SettleReason::cancelled, 2)));
  }
  CHECK(bench.scheduler.idle());
  bench.pass(1s);
  CHECK(bench.take() == actions());
}

TEST_CASE("a cancelled pending task is never assigned") {
  SchedulerBench bench;
  const auto tasks = bench.submit_many(3);
  bench.take();
  bench.cancelled(tasks[0]);
  bench.cancel_running(tasks[1]);
  CHECK(bench.take() == actions(settle(tasks[1], SettleReason::cancelled)));
  bench.cancelled(tasks[0]);  // unknown by now: nothing happens
  bench.ready(worker(0));
  CHECK(bench.take() == actions(assign(worker(0), {tasks[2]})));
}

TEST_CASE("cancel_running of an assigned task that has not begun takes it back") {
  Running bench{{}};
  bench.cancel_running(bench.task);
  CHECK(bench.take() == actions(Recall{worker(0), {bench.task}}));
  bench.give_back(worker(0), bench.task);
  CHECK(!bench.scheduler.idle());  // not before its end is told
  CHECK(bench.take() == actions(settle(bench.task, SettleReason::cancelled)));
  CHECK(bench.scheduler.idle());
}

TEST_CASE("cancel_running of a running task stops it and is never retried") {
  Running bench{{.grace = 2s, .retry = {.max_attempts = 9}}};
  bench.cancel_running(bench.task);
  CHECK(bench.take() == actions(Recall{worker(0), {bench.task}}));
  bench.refuse(worker(0), bench.task);
  CHECK(bench.take() == actions(Stop{worker(0), bench.task, 2s}));
  bench.cancel_running(bench.task);
  CHECK(bench.take() == actions());  // once is enough
  SUBCASE("it returns within grace") {
    CHECK(bench.finish(worker(0), bench.task) == Verdict::cancelled);
  }
  SUBCASE("it fails within grace") {
    CHECK(bench.fail(worker(0), bench.task) == Verdict::cancelled);
  }
  SUBCASE("it does not react") {
    bench.pass(2s);
    CHECK(bench.take() == actions(Kill{worker(0)}));
    bench.lose(worker(0), bench.task);
    CHECK(bench.take() == actions(settle(bench.task, SettleReason::cancelled)));
  }
  CHECK(bench.scheduler.idle());
}

TEST_CASE("a result that was under way when its task was cancelled ends as cancelled") {
  Running bench{{}};
  bench.cancel_running(bench.task);
  CHECK(bench.take() == actions(Recall{worker(0), {bench.task}}));
  bench.refuse(worker(0), bench.task);
  CHECK(bench.finish(worker(0), bench.task) == Verdict::cancelled);
  CHECK(bench.take() == actions());  // no Stop for what has ended
}

TEST_CASE("a task being stopped keeps its grace when one that has just ended is cancelled too") {
  SchedulerBench bench;
  bench.warm_up(1, 100, 10ms);
  const TaskId ended = bench.submit({.grace = 9s});
  const TaskId running = bench.submit({.grace = 2s});
  bench.take();
  bench.cancel_running(running);
  CHECK(bench.take() == actions(Recall{worker(0), {running}}));
  bench.refuse(worker(0), running);
  CHECK(bench.take() == actions(Stop{worker(0), running, 2s}));
  bench.cancel_running(ended);
  CHECK(bench.take() == actions(Recall{worker(0), {ended}}));
  bench.refuse(worker(0), ended);
  CHECK(bench.take() == actions());
  CHECK(bench.finish(worker(0), ended) == Verdict::cancelled);
  bench.pass(2s);
  CHECK(bench.take() == actions(Kill{worker(0)}));
}

TEST_CASE("a task taken back for cancel_running and cancelled meanwhile is settled once") {
  Running bench{{}};
  bench.cancel_running(bench.task);
  CHECK(bench.take() == actions(Recall{worker(0), {bench.task}}));
  bench.give_back(worker(0), bench.task);
  bench.cancelled(bench.task);
  CHECK(bench.take() == actions());
  CHECK(bench.scheduler.idle());
}

TEST_CASE("a deliberate kill never counts as a failed start") {
  SchedulerBench bench;
  for (std::uint32_t i = 0; i < 10; ++i) {
    const TaskId task = bench.submit({.grace = 0s});
    CHECK(bench.take() == actions(Spawn{worker(0, i)}));
    bench.ready(worker(0, i));
    bench.take();
    bench.cancel_running(task);
    bench.take();
    bench.refuse(worker(0, i), task);
    CHECK(bench.take() == actions(Stop{worker(0, i), task, 0s}));
    bench.pass(0s);
    CHECK(bench.take() == actions(Kill{worker(0, i)}));
    bench.lose(worker(0, i), task);
    CHECK(bench.take() == actions(settle(task, SettleReason::cancelled)));
  }
  CHECK(!bench.scheduler.broken());
}

TEST_CASE("a crowded worker is given nothing while it holds a task") {
  SchedulerBench bench;
  bench.submit();
  bench.take();
  bench.ready(worker(0));
  bench.take();
  const TaskId second = bench.submit();
  const TaskId third = bench.submit();
  bench.scheduler.set_crowded(worker(0), true);
  CHECK(bench.take() == actions());
  CHECK(bench.finish(worker(0), TaskId{1}) == Verdict::deliver);
  CHECK(bench.take() == actions(assign(worker(0), {second})));
  bench.scheduler.set_crowded(worker(0), false);
  CHECK(bench.finish(worker(0), second) == Verdict::deliver);
  CHECK(bench.take() == actions(assign(worker(0), {third})));
}
