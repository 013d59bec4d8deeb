// SPDX-License-Identifier: MIT
// scheduler_test.cpp - who gets what: starting workers, credit, order. What is taken back is in
// scheduler_recall_test.cpp, time in scheduler_limits_test.cpp, cancelling in
// scheduler_cancel_test.cpp, the end of workers and pools in scheduler_loss_test.cpp.
#include "coordinator/scheduler.hpp"

#include <cstddef>
#include <utility>
#include <vector>

#include "support/scheduler_bench.hpp"

using namespace procfarm;
using namespace procfarm::test;

// -- starting -------------------------------------------------------------------------------------

TEST_CASE("three tasks one after the other use one worker") {
  SchedulerBench bench{{.workers = 4}};
  for (int i = 0; i < 3; ++i) {
    const TaskId task = bench.submit();
    if (i == 0) {
      CHECK(bench.take() == actions(Spawn{worker(0)}));
      CHECK(bench.take() == actions());  // the one that is starting is enough
      bench.ready(worker(0));
    }
    CHECK(bench.take() == actions(assign(worker(0), {task})));
    CHECK(bench.finish(worker(0), task) == Verdict::deliver);
    CHECK(bench.take() == actions());
  }
  CHECK(bench.scheduler.idle());
}

TEST_CASE("workers start as tasks need them, and never more than allowed") {
  SchedulerBench bench{{.workers = 3}};
  bench.submit();
  CHECK(bench.take() == actions(Spawn{worker(0)}));
  bench.submit();
  CHECK(bench.take() == actions(Spawn{worker(1)}));
  bench.submit_many(5);
  CHECK(bench.take() == actions(Spawn{worker(2)}));
  bench.submit_many(5);
  CHECK(bench.take() == actions());
  CHECK(bench.scheduler.workers() == 3);
}

TEST_CASE("prestart: so many start at once, once, and are those that the first tasks need") {
  SchedulerBench bench{{.workers = 4, .prestart = 2}};
  CHECK(bench.take() == actions(Spawn{worker(0)}, Spawn{worker(1)}));
  CHECK(bench.take() == actions());
  bench.submit_many(2);
  CHECK(bench.take() == actions());
  bench.submit();
  CHECK(bench.take() == actions(Spawn{worker(2)}));
}

TEST_CASE("prestart: nothing starts for its sake where no task can come") {
  SchedulerBench bench{{.workers = 4, .prestart = 2}};
  bench.scheduler.close();
  CHECK(bench.take() == actions());
}

TEST_CASE("the worker that became idle last is used first") {
  SchedulerBench bench{{.workers = 2}};
  const auto tasks = bench.submit_many(2);
  bench.take();
  bench.ready(worker(0));
  bench.ready(worker(1));
  CHECK(bench.take() == actions(assign(worker(1), {tasks[0]}), assign(worker(0), {tasks[1]})));
  bench.finish(worker(0), tasks[1]);
  bench.finish(worker(1), tasks[0]);
  const TaskId next = bench.submit();
  CHECK(bench.take() == actions(assign(worker(1), {next})));
}

TEST_CASE("a task that waits for other futures neither starts nor starts a worker") {
  SchedulerBench bench;
  const TaskId task = bench.submit_waiting();
  CHECK(bench.take() == actions());
  CHECK(!bench.scheduler.idle());
  bench.released(task);
  CHECK(bench.take() == actions(Spawn{worker(0)}));
  bench.ready(worker(0));
  CHECK(bench.take() == actions(assign(worker(0), {task})));
}

// -- credit ---------------------------------------------------------------------------------------

TEST_CASE("as long as nothing is known of the tasks, a worker gets one at a time") {
  SchedulerBench bench;
  const auto tasks = bench.submit_many(100);
  bench.take();
  bench.ready(worker(0));
  CHECK(bench.take() == actions(assign(worker(0), {tasks[0]})));
}

TEST_CASE("short tasks fill the window of time and the batches are large") {
  SchedulerBench bench;
  bench.warm_up(1, 500, 1us);
  bench.submit_many(2000);
  const auto first = all_of<Assign>(bench.take());
  REQUIRE(first.size() == 1);
  CHECK(first[0].tasks.size() == 201);  // 200 us of 1 us, and one prefetched
  for (int i = 0; i < 99; ++i) bench.finish(worker(0), first[0].tasks[std::size_t(i)].task, 1us);
  CHECK(bench.take() == actions());  // half of it is still there
  for (int i = 99; i < 101; ++i) bench.finish(worker(0), first[0].tasks[std::size_t(i)].task, 1us);
  const auto second = all_of<Assign>(bench.take());
  REQUIRE(second.size() == 1);
  CHECK(second[0].tasks.size() == 101);  // 201 again
}

TEST_CASE("a worker never holds more than max_queued") {
  SchedulerBench bench{{.workers = 1, .max_queued = 8}};
  bench.warm_up(1, 100, 1us);
  bench.submit_many(1000);
  const auto batches = all_of<Assign>(bench.take());
  REQUIRE(batches.size() == 1);
  CHECK(batches[0].tasks.size() == 8);
}

TEST_CASE("near the end batches shrink, so that all workers end together") {
  SchedulerBench bench{{.workers = 2}};
  bench.warm_up(2, 2000, 1us);
  bench.submit_many(40);
  const auto batches = all_of<Assign>(bench.take());
  REQUIRE(batches.size() == 2);
  CHECK(batches[0].tasks.size() == 10);  // 40 / (2 * 2)
  CHECK(batches[1].tasks.size() == 7);   // 30 / (2 * 2)
}

TEST_CASE("a long task has at most one waiting behind it, and none while a worker could start") {
  SchedulerBench bench{{.workers = 2}};
  const TaskId first = bench.submit();
  bench.take();
  bench.ready(worker(0));
  bench.take();
  bench.finish(worker(0), first, 10ms);
  const auto tasks = bench.submit_many(6);
  CHECK(bench.take() == actions(assign(worker(0), {tasks[0]}), Spawn{worker(1)}));
  CHECK(bench.take() == actions());
  bench.ready(worker(1));
  CHECK(bench.take() == actions(assign(worker(1), {tasks[1]}), assign(worker(0), {tasks[2]}),
                                assign(worker(1), {tasks[3]})));
  CHECK(bench.take() == actions());
}

TEST_CASE("nothing is prefetched behind tasks against which a round trip is nothing") {
  SchedulerBench bench;
  bench.warm_up(1, 3, 1s);
  const auto tasks = bench.submit_many(3);
  CHECK(bench.take() == actions(assign(worker(0), {tasks[0]})));
  CHECK(bench.take() == actions());
}

// -- order ----------------------------------------------------------------------------------------

TEST_CASE("higher priorities start first, equal ones in order of submission") {
  SchedulerBench bench;
  const TaskId low = bench.submit({.priority = -1});
  const TaskId first = bench.submit();
  const TaskId high = bench.submit({.priority = 7});
  const TaskId second = bench.submit();
  bench.take();
  bench.ready(worker(0));
  for (const TaskId task : {high, first, second, low}) {
    CHECK(bench.take() == actions(assign(worker(0), {task})));
    bench.finish(worker(0), task, 1s);
  }
}

TEST_CASE("a higher priority overtakes what is assigned and not begun") {
  SchedulerBench bench;
  bench.warm_up(1, 3, 10ms);
  const auto low = bench.submit_many(2);
  bench.take();
  CHECK(bench.take() == actions());
  const TaskId high = bench.submit({.priority = 1});
  CHECK(bench.take() == actions(Recall{worker(0), {low[1]}}));
  bench.give_back(worker(0), low[1]);
  CHECK(bench.take() == actions(assign(worker(0), {high})));
  bench.finish(worker(0), low[0], 10ms);
  CHECK(bench.take() == actions(assign(worker(0), {low[1]})));
}

TEST_CASE("a higher priority behind a long list waits only until it moves or is stuck") {
  SchedulerBench bench;
  bench.warm_up(1, 500, 1us);
  const auto low = bench.submit_many(400);
  const auto batch = all_of<Assign>(bench.take());
  REQUIRE(batch.size() == 1);
  const std::size_t held = batch[0].tasks.size();
  const TaskId high = bench.submit({.priority = 1});
  CHECK(bench.take() == actions());  // it will have moved in no time
  bench.pass(8ms);                   // it has not
  const auto recalls = all_of<Recall>(bench.take());
  REQUIRE(recalls.size() == 1);
  CHECK(recalls[0].tasks.size() == held - 1);
  bench.give_back_all(recalls[0]);
  CHECK(bench.take() == actions());
  bench.finish(worker(0), low[0], 1ms);
  const auto next = all_of<Assign>(bench.take());
  REQUIRE(next.size() == 1);
  CHECK(next[0].tasks[0].task == high);
}

TEST_CASE("a task that comes back goes ahead of younger ones") {
  SchedulerBench bench{{.workers = 2}};
  const auto tasks = bench.submit_many(3);
  bench.take();
  bench.ready(worker(0));
  bench.take();
  bench.ready(worker(1));
  bench.take();
  bench.lose(worker(0));  // it had not begun
  CHECK(bench.take() == actions(Spawn{worker(0, 1)}));
  bench.finish(worker(1), tasks[1], 1s);
  CHECK(bench.take() == actions(assign(worker(1), {tasks[0]})));
}

// -- size -----------------------------------------------------------------------------------------

TEST_CASE("a million pending tasks are taken in order, whoever is cancelled among them") {
  Scheduler scheduler{{.max_workers = 1}};
  const TaskPolicy policy;
  Actions out;
  constexpr std::uint64_t count = 1'000'000;
  for (std::uint64_t id = 1; id <= count; ++id) scheduler.submitted(TaskId{id}, policy, false, out);
  for (std::uint64_t id = 2; id <= count; id += 2) scheduler.cancelled(TaskId{id});
  CHECK(scheduler.pending() == count / 2);
  scheduler.dispatch(1s, out);
  scheduler.worker_ready(worker(0), 1s);
  std::uint64_t expected = 1;
  bool in_order = true;
  while (!scheduler.idle()) {
    out.clear();
    scheduler.dispatch(1s, out);
    REQUIRE(out.size() == 1);
    const Assign batch = std::get<Assign>(out[0]);
    for (const Dispatch& each : batch.tasks) {
      in_order = in_order && each.task == TaskId{expected};
      expected += 2;
      scheduler.finished(batch.worker, each.task, 1, AttemptEnd::succeeded, 1us, 1s);
    }
  }
  CHECK(in_order);
  CHECK(expected == count + 1);
  scheduler.check_invariants();
}

TEST_CASE("tasks that are submitted as a row are what they would be one by one") {
  Scheduler together{{.max_workers = 2}};
  Scheduler single{{.max_workers = 2}};
  const TaskPolicy policies[2]{{.priority = 0}, {.priority = 1}};
  Actions of_row;
  Actions of_each;
  std::uint64_t last = 0;
  // Rows that begin, end and cross where the tables are cut, of two kinds.
  for (const std::uint32_t count : {1000U, 23U, 1U, 1U, 3000U, 7U}) {
    const TaskPolicy& policy = policies[count == 7];
    together.submitted(TaskId{last + 1}, count, policy, false, of_row);
    for (std::uint32_t i = 0; i < count; ++i)
      single.submitted(TaskId{++last}, policy, false, of_each);
  }
  together.submitted(TaskId{last + 1}, 2, policies[0], true, of_row);
  together.released(TaskId{last + 2});
  for (int i = 0; i < 2; ++i) single.submitted(TaskId{++last}, policies[0], true, of_each);
  single.released(TaskId{last});
  for (Scheduler* scheduler : {&together, &single}) {
    scheduler->cancelled(TaskId{1001});
    Actions& out = scheduler == &together ? of_row : of_each;
    scheduler->dispatch(1s, out);
    scheduler->worker_ready(worker(0), 1s);
    for (int round = 0; round < 400; ++round) {
      scheduler->dispatch(1s, out);
      const auto batches = all_of<Assign>(out);
      if (batches.empty()) continue;
      for (const Dispatch& each : batches.back().tasks)
        scheduler->finished(worker(0), each.task, 1, AttemptEnd::succeeded, 1us, 1s);
    }
    scheduler->check_invariants();
    CHECK(scheduler->pending() == 1);  // nobody has released it
  }
  CHECK(of_row == of_each);
}
