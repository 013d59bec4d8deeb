// SPDX-License-Identifier: MIT
// scheduler_recall_test.cpp - what workers have not begun is taken back for others.
#include <cstddef>
#include <utility>
#include <vector>

#include "coordinator/scheduler.hpp"
#include "support/scheduler_bench.hpp"

using namespace procfarm;
using namespace procfarm::test;

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

TEST_CASE("a worker that has just started takes what was handed ahead to another meanwhile") {
  SchedulerBench bench{{.workers = 2}};
  const TaskId first = bench.submit();
  CHECK(bench.take() == actions(Spawn{worker(0)}));
  bench.ready(worker(0));
  CHECK(bench.take() == actions(assign(worker(0), {first})));
  bench.finish(worker(0), first, 10us);
  CHECK(bench.take() == actions());
  const auto tasks = bench.submit_many(3);
  CHECK(bench.take() == actions(assign(worker(0), {tasks[0]}), Spawn{worker(1)}));
  CHECK(bench.take() == actions(assign(worker(0), {tasks[1]})));
  bench.ready(worker(1));
  CHECK(bench.take() == actions(Recall{worker(0), {tasks[1]}}));
  bench.give_back(worker(0), tasks[1]);
  CHECK(bench.take() == actions(assign(worker(1), {tasks[1]}), assign(worker(0), {tasks[2]})));
}
