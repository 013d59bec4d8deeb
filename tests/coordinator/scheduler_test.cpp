// SPDX-License-Identifier: MIT
// scheduler_test.cpp - who gets what: starting workers, credit, order, recall. Time and cancelling
// are in scheduler_limits_test.cpp, the end of workers and pools in scheduler_loss_test.cpp.
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

// -- recall ---------------------------------------------------------------------------------------

namespace {

/// Worker 0 is busy with a task and has others behind it, worker 1 is idle.
struct Uneven : SchedulerBench {
  Uneven() : SchedulerBench{{.workers = 2}} {
    warm_up(2, 2000, 10us);
    const auto tasks = submit_many(40);
    for (const Assign& batch : all_of<Assign>(take()))
      for (const Dispatch& each : batch.tasks) held[batch.worker.seat].push_back(each.task);
    for (;;) {  // worker 1 does all it can get
      for (const TaskId task : std::exchange(held[1], {})) finish(worker(1), task, 10us);
      decided = take();
      const auto more = all_of<Assign>(decided);
      if (more.empty()) break;
      for (const Assign& batch : more)
        for (const Dispatch& each : batch.tasks) held[batch.worker.seat].push_back(each.task);
    }
  }
  std::vector<TaskId> held[2];
  Actions decided;
};

}  // namespace

TEST_CASE("an idle worker gets half of what the richest has not begun, the newest first") {
  Uneven bench;
  auto& held = bench.held[0];
  REQUIRE(held.size() >= 8);
  const std::size_t half = held.size() / 2;  // (size - 1 + 1) / 2
  const std::vector<TaskId> newest(held.rbegin(), held.rbegin() + std::ptrdiff_t(half));
  CHECK(bench.decided == actions(Recall{worker(0), newest}));
  CHECK(bench.take() == actions());
  bench.give_back_all({worker(0), newest});
  const auto moved = all_of<Assign>(bench.take());
  REQUIRE(moved.size() == 1);
  CHECK(moved[0].worker == worker(1));
  CHECK(moved[0].tasks[0].task == newest.back());
}

TEST_CASE("a refused recall is not repeated until that worker has changed") {
  Uneven bench;
  const auto recalls = all_of<Recall>(bench.decided);
  REQUIRE(recalls.size() == 1);
  for (const TaskId task : recalls[0].tasks) bench.refuse(worker(0), task);
  CHECK(bench.take() == actions());
  bench.pass(10us);
  CHECK(bench.take() == actions());
  bench.finish(worker(0), bench.held[0][0], 10us);
  CHECK(all_of<Recall>(bench.take()).size() == 1);
}

TEST_CASE("tasks behind one that takes unexpectedly long are taken back") {
  SchedulerBench bench{{.workers = 2}};
  bench.warm_up(2, 2000, 1us);
  bench.submit_many(8);
  const auto batches = all_of<Assign>(bench.take());
  REQUIRE(batches.size() == 2);
  CHECK(batches[0].tasks.size() == 2);
  for (const Dispatch& each : batches[1].tasks) bench.finish(batches[1].worker, each.task, 1us);
  REQUIRE(bench.scheduler.next_wakeup());
  bench.pass(8ms);
  const auto recalls = all_of<Recall>(bench.take());
  REQUIRE(recalls.size() == 1);
  CHECK(recalls[0].worker == batches[0].worker);
  CHECK(recalls[0].tasks.front() == batches[0].tasks.back().task);
}

TEST_CASE("a task that leaves the middle of a worker's list leaves the others in order") {
  SchedulerBench bench;
  bench.warm_up(1, 500, 1us);
  const auto tasks = bench.submit_many(10);
  const auto batch = all_of<Assign>(bench.take());
  REQUIRE(batch[0].tasks.size() == 5);
  bench.cancelled(tasks[2]);
  CHECK(bench.finish(worker(0), tasks[1], 1us) == Verdict::deliver);
  CHECK(bench.finish(worker(0), tasks[0], 1us) == Verdict::deliver);
  CHECK(bench.finish(worker(0), tasks[3], 1us) == Verdict::deliver);
  CHECK(bench.finish(worker(0), tasks[2], 1us) == Verdict::stale);
  CHECK(bench.finish(worker(0), tasks[4], 1us) == Verdict::deliver);
  CHECK(bench.scheduler.pending() == 5);
  bench.run_all(1us);
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
