// SPDX-License-Identifier: MIT
// scheduler_limits_test.cpp - time limits, grace, further attempts, pauses.
#include "coordinator/scheduler.hpp"
#include "support/scheduler_bench.hpp"

using namespace procfarm;
using namespace procfarm::test;

namespace {

const TaskPolicy limited{.timeout = 1s, .grace = 2s};

}  // namespace

TEST_CASE("a task over its limit is asked to stop, after grace its worker is killed") {
  Running bench{limited};
  bench.overrun();
  CHECK(bench.scheduler.next_wakeup() == bench.now + 2s);
  bench.pass(2s - 1ns);
  CHECK(bench.take() == actions());
  bench.pass(1ns);
  CHECK(bench.take() == actions(Kill{worker(0)}));
  bench.lose(worker(0), bench.task);
  CHECK(bench.take() == actions(settle(bench.task, SettleReason::timed_out)));
}

TEST_CASE("a task that returns within grace is timed out all the same; its worker goes on") {
  Running bench{limited};
  bench.overrun();
  const TaskId next = bench.submit();
  CHECK(bench.take() == actions());  // nothing is queued behind a task that is being stopped
  CHECK(bench.finish(worker(0), bench.task) == Verdict::timed_out);
  CHECK(bench.take() == actions(assign(worker(0), {next})));
  bench.pass(1h);
  CHECK(bench.take() == actions());
}

TEST_CASE("the limit counts from the start in the worker") {
  Running bench{limited};
  const Time assigned = bench.now;
  bench.pass(1s);
  CHECK(bench.take() == actions(Inspect{worker(0), bench.task}));
  bench.not_begun(worker(0), bench.task);
  CHECK(bench.take() == actions());
  CHECK(bench.scheduler.next_wakeup() == assigned + 2s);
  bench.pass(1s);
  CHECK(bench.take() == actions(Inspect{worker(0), bench.task}));
  bench.begun(worker(0), bench.task, assigned + 1500ms);
  CHECK(bench.take() == actions());
  CHECK(bench.scheduler.next_wakeup() == assigned + 2500ms);
  bench.pass(500ms);
  CHECK(bench.take() == actions(Stop{worker(0), bench.task, 2s}));
}

TEST_CASE("a task behind another one is inspected a limit after it came to the front") {
  SchedulerBench bench;
  bench.warm_up(1, 100, 10ms);
  const TaskId first = bench.submit();
  const TaskId second = bench.submit(limited);
  CHECK(bench.take() == actions(assign(worker(0), {first}), assign(worker(0), {second})));
  bench.pass(10s);
  CHECK(bench.take() == actions());
  bench.finish(worker(0), first, 5ms);
  CHECK(bench.take() == actions());
  bench.pass(1s);
  CHECK(bench.take() == actions(Inspect{worker(0), second}));
}

TEST_CASE("a task that ends in time is not bothered") {
  Running bench{limited};
  bench.pass(500ms);
  CHECK(bench.finish(worker(0), bench.task) == Verdict::deliver);
  bench.pass(1h);
  CHECK(bench.take() == actions());
  CHECK(bench.scheduler.next_wakeup() == std::nullopt);
}

TEST_CASE("others are taken from behind a task that is stopped, and again before a kill") {
  SchedulerBench bench;
  bench.warm_up(1, 100, 10ms);
  const TaskId slow = bench.submit(limited);
  const TaskId other = bench.submit();
  bench.take();
  bench.pass(1s);
  CHECK(bench.take() == actions(Inspect{worker(0), slow}));
  bench.begun(worker(0), slow, bench.now - 1s);
  CHECK(bench.take() == actions(Stop{worker(0), slow, 2s}, Recall{worker(0), {other}}));
  bench.pass(2s);
  CHECK(bench.take() == actions(Recall{worker(0), {other}}, Kill{worker(0)}));
  bench.give_back(worker(0), other);
  bench.lose(worker(0), slow);
  CHECK(bench.take() == actions(settle(slow, SettleReason::timed_out), Spawn{worker(0, 1)}));
  bench.ready(worker(0, 1));
  CHECK(bench.take() == actions(assign(worker(0, 1), {other})));
}

TEST_CASE("limits stand still while the pool is suspended") {
  Running bench{limited};
  bench.pass(400ms);
  bench.scheduler.suspend(bench.now);
  bench.pass(1h);
  CHECK(bench.take() == actions());
  bench.scheduler.resume(bench.now);
  bench.pass(500ms);
  CHECK(bench.take() == actions());
  bench.pass(100ms);
  CHECK(bench.take() == actions(Inspect{worker(0), bench.task}));
  bench.begun(worker(0), bench.task, bench.now - 1s - 1h + 1ms);
  CHECK(bench.take() == actions());
  bench.pass(1ms);
  CHECK(bench.take() == actions(Stop{worker(0), bench.task, 2s}));
  bench.scheduler.suspend(bench.now);
  bench.pass(1h);
  bench.scheduler.resume(bench.now);
  bench.pass(2s - 1ns);
  CHECK(bench.take() == actions());
  bench.pass(1ns);
  CHECK(bench.take() == actions(Kill{worker(0)}));
}

TEST_CASE(
    "a task that begins in a pause, before its worker is stopped, does not pay for the pause") {
  Running bench{limited};
  bench.pass(400ms);
  bench.scheduler.suspend(bench.now);
  const Time started = bench.now + 1ms;
  bench.pass(1h);
  bench.scheduler.resume(bench.now);
  bench.pass(600ms);
  CHECK(bench.take() == actions(Inspect{worker(0), bench.task}));
  bench.begun(worker(0), bench.task, started);
  CHECK(bench.take() == actions());
  bench.pass(400ms - 1ns);
  CHECK(bench.take() == actions());
  bench.pass(1ns);
  CHECK(bench.take() == actions(Stop{worker(0), bench.task, 2s}));
}

TEST_CASE("times that a worker makes up move no limit out of reach") {
  for (const Time claimed : {Time::min(), Time{-1}, Time::max()}) {
    Running bench{limited};
    bench.pass(1s);
    CHECK(bench.take() == actions(Inspect{worker(0), bench.task}));
    bench.begun(worker(0), bench.task, claimed);
    bench.pass(1s);
    CHECK(bench.take() == actions(Stop{worker(0), bench.task, 2s}));
  }
}

// -- further attempts -----------------------------------------------------------------------------

TEST_CASE("a further attempt comes after a delay that grows up to its limit") {
  Running bench{{.retry = {.max_attempts = 5, .delay = 1s, .backoff = 3.0, .max_delay = 5s}}};
  std::uint32_t attempt = 1;
  for (const Duration delay : {1s, 3s, 5s, 5s}) {
    CHECK(bench.fail(worker(0), bench.task) == Verdict::retry);
    CHECK(bench.scheduler.attempt(bench.task) == ++attempt);
    CHECK(bench.take() == actions());
    CHECK(bench.scheduler.next_wakeup() == bench.now + delay);
    bench.pass(delay - 1ns);
    CHECK(bench.take() == actions());
    bench.pass(1ns);
    CHECK(bench.take() == actions(again(worker(0), bench.task, attempt)));
  }
  CHECK(bench.fail(worker(0), bench.task) == Verdict::deliver);
  CHECK(bench.scheduler.idle());
}

TEST_CASE("what does not count as a reason gets no further attempt") {
  SUBCASE("an exception") {
    Running bench{{.retry = {.max_attempts = 9, .on = RetryOn::worker_lost | RetryOn::timeout}}};
    CHECK(bench.fail(worker(0), bench.task) == Verdict::deliver);
  }
  SUBCASE("a loss") {
    Running bench{{.retry = {.max_attempts = 9, .on = RetryOn::exception | RetryOn::timeout}}};
    bench.lose(worker(0), bench.task);
    CHECK(bench.take() == actions(settle(bench.task, SettleReason::worker_lost)));
  }
  SUBCASE("a time limit") {
    Running bench{{.timeout = 1s,
                   .grace = 2s,
                   .retry = {.max_attempts = 9, .on = RetryOn::exception | RetryOn::worker_lost}}};
    bench.overrun();
    CHECK(bench.finish(worker(0), bench.task) == Verdict::timed_out);
  }
  SUBCASE("a value that does not travel, ever") {
    Running bench{{.retry = {.max_attempts = 9}}};
    CHECK(bench.finish(worker(0), bench.task, 1ms, AttemptEnd::unserializable) == Verdict::deliver);
  }
  SUBCASE("success") {
    Running bench{{.retry = {.max_attempts = 9}}};
    CHECK(bench.finish(worker(0), bench.task) == Verdict::deliver);
  }
}

TEST_CASE("a lost task gets a further attempt at once when it needs no delay") {
  Running bench{{.retry = {.max_attempts = 2}}};
  bench.lose(worker(0), bench.task);
  CHECK(bench.take() == actions(Spawn{worker(0, 1)}));
  bench.ready(worker(0, 1));
  CHECK(bench.take() == actions(again(worker(0, 1), bench.task, 2)));
  bench.lose(worker(0, 1), bench.task);
  CHECK(bench.take() == actions(settle(bench.task, SettleReason::worker_lost, 2)));
}

TEST_CASE("an attempt over its limit gets a further one, with a limit of its own") {
  Running bench{{.timeout = 1s, .grace = 2s, .retry = {.max_attempts = 2}}};
  SUBCASE("when it returns within grace") {
    bench.overrun();
    CHECK(bench.finish(worker(0), bench.task) == Verdict::retry);
    CHECK(bench.take() == actions(again(worker(0), bench.task, 2)));
    bench.overrun();
    CHECK(bench.finish(worker(0), bench.task) == Verdict::timed_out);
  }
  SUBCASE("when its worker had to be killed") {
    bench.overrun();
    bench.pass(2s);
    CHECK(bench.take() == actions(Kill{worker(0)}));
    bench.lose(worker(0), bench.task);
    CHECK(bench.take() == actions(Spawn{worker(0, 1)}));
    bench.ready(worker(0, 1));
    CHECK(bench.take() == actions(again(worker(0, 1), bench.task, 2)));
  }
}
