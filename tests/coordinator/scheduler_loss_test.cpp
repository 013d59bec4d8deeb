// SPDX-License-Identifier: MIT
// scheduler_loss_test.cpp - workers that die, fail to start or leave on purpose, and the end of the
// pool: closed, cancelled, broken.
#include <cstdint>
#include <vector>

#include "coordinator/scheduler.hpp"
#include "support/scheduler_bench.hpp"

using namespace procfarm;
using namespace procfarm::test;

// -- loss -----------------------------------------------------------------------------------------

TEST_CASE("a worker lost in mid-task: that task is settled, the rest goes to a replacement") {
  SchedulerBench bench;
  bench.warm_up(1, 500, 1us);
  const auto tasks = bench.submit_many(8);
  bench.take();
  bench.lose(worker(0), tasks[0]);
  CHECK(bench.take() == actions(settle(tasks[0], SettleReason::worker_lost), Spawn{worker(0, 1)}));
  bench.ready(worker(0, 1));
  const auto next = all_of<Assign>(bench.take());
  REQUIRE(next.size() == 1);
  CHECK(next[0].tasks[0] == Dispatch{tasks[1], 1});  // it has cost no attempt
}

TEST_CASE("reports of an earlier attempt or of a worker's earlier life are stale") {
  SchedulerBench bench;
  const TaskId task = bench.submit({.retry = {.max_attempts = 3}});
  bench.take();
  bench.ready(worker(0));
  bench.take();
  bench.lose(worker(0), task);
  CHECK(bench.take() == actions(Spawn{worker(0, 1)}));
  CHECK(bench.report(worker(0), task, 1) == Verdict::stale);
  bench.ready(worker(0, 1));
  CHECK(bench.take() == actions(again(worker(0, 1), task, 2)));
  CHECK(bench.report(worker(0), task, 2) == Verdict::stale);
  CHECK(bench.report(worker(0, 1), task, 1) == Verdict::stale);
  CHECK(bench.report(worker(3), task, 2) == Verdict::stale);
  CHECK(bench.report(worker(0, 1), task, 2) == Verdict::deliver);
  CHECK(bench.report(worker(0, 1), task, 2) == Verdict::stale);
}

TEST_CASE("that a worker which has started was refused is not believed") {
  SchedulerBench bench;
  const TaskId task = bench.submit();
  bench.take();
  bench.ready(worker(0));
  CHECK(bench.take() == actions(assign(worker(0), {task})));
  bench.refuse_start(worker(0));
  CHECK(bench.take() == actions());
  CHECK(bench.finish(worker(0), task) == Verdict::deliver);
  CHECK(bench.scheduler.workers() == 1);
}

TEST_CASE("five failed starts in a row break the pool, with growing delays between them") {
  SchedulerBench bench;
  const TaskId task = bench.submit();
  const TaskId waiting = bench.submit_waiting();
  CHECK(bench.take() == actions(Spawn{worker(0)}));
  for (std::uint32_t i = 0; i < 4; ++i) {
    bench.lose(worker(0, i));
    CHECK(bench.take() == actions());
    const Duration back_off = 10ms * (1 << i);
    CHECK(bench.scheduler.next_wakeup() == bench.now + back_off);
    bench.pass(back_off - 1ns);
    CHECK(bench.take() == actions());
    bench.pass(1ns);
    CHECK(bench.take() == actions(Spawn{worker(0, i + 1)}));
  }
  CHECK(!bench.scheduler.broken());
  bench.lose(worker(0, 4));
  CHECK(bench.scheduler.broken());
  CHECK(bench.take() ==
        actions(settle(task, SettleReason::broken), settle(waiting, SettleReason::broken)));
  const TaskId late = bench.submit();
  CHECK(bench.take() == actions(settle(late, SettleReason::broken)));
}

TEST_CASE("a worker that gets ready forgives failed starts; deaths in tasks never count") {
  SchedulerBench bench;
  bench.submit({.retry = {.max_attempts = 100}});
  bench.take();
  for (std::uint32_t i = 0; i < 20; ++i) {
    bench.lose(worker(0, 2 * i));
    bench.pass(1s);
    CHECK(bench.take() == actions(Spawn{worker(0, 2 * i + 1)}));
    bench.ready(worker(0, 2 * i + 1));
    bench.take();
    bench.lose(worker(0, 2 * i + 1), TaskId{1});
    CHECK(bench.take() == actions(Spawn{worker(0, 2 * i + 2)}));  // at once
  }
  CHECK(!bench.scheduler.broken());
}

TEST_CASE("workers that die with tasks before they begin any end in a broken pool, not in a loop") {
  SchedulerBench bench;
  const TaskId task = bench.submit();
  bench.take();
  std::uint32_t lives = 0;
  for (; lives < 1000 && !bench.scheduler.broken(); ++lives) {
    bench.ready(worker(0, lives));
    bench.take();
    bench.lose(worker(0, lives));
    if (!bench.scheduler.broken()) CHECK(bench.take() == actions(Spawn{worker(0, lives + 1)}));
  }
  CHECK(lives == 20);
  CHECK(bench.take() == actions(settle(task, SettleReason::broken)));
}

// -- leaving --------------------------------------------------------------------------------------

TEST_CASE("a worker leaves after its last task and is replaced while work remains") {
  SchedulerBench bench{{.workers = 1, .tasks_each = 2}};
  const auto tasks = bench.submit_many(3);
  bench.take();
  bench.ready(worker(0));
  bench.take();
  bench.finish(worker(0), tasks[0], 1us);
  CHECK(bench.take() == actions(assign(worker(0), {tasks[1]})));
  CHECK(bench.take() == actions());  // tasks[2] is not for this one
  bench.scheduler.close();
  bench.finish(worker(0), tasks[1], 1us);
  CHECK(bench.take() == actions(Retire{worker(0)}));
  bench.lose(worker(0));
  CHECK(bench.take() == actions(Spawn{worker(0, 1)}));
  bench.ready(worker(0, 1));
  CHECK(bench.take() == actions(assign(worker(0, 1), {tasks[2]})));
  bench.finish(worker(0, 1), tasks[2]);
  CHECK(bench.take() == actions(Retire{worker(0, 1)}));
  bench.lose(worker(0, 1));
  CHECK(bench.take() == actions());
  CHECK(bench.scheduler.workers() == 0);
}

TEST_CASE("after close idle workers leave when nothing is left, late ones when they are ready") {
  SchedulerBench bench{{.workers = 2}};
  const auto tasks = bench.submit_many(2);
  bench.take();
  bench.ready(worker(0));
  bench.take();
  bench.scheduler.close();
  CHECK(bench.take() == actions());
  bench.finish(worker(0), tasks[0], 1s);
  CHECK(bench.take() == actions(assign(worker(0), {tasks[1]})));
  bench.finish(worker(0), tasks[1], 1s);
  CHECK(bench.take() == actions(Retire{worker(0)}));
  bench.ready(worker(1));
  CHECK(bench.take() == actions(Retire{worker(1)}));
}

TEST_CASE("cancel_all settles all that has not begun and replaces nobody") {
  SchedulerBench bench;
  bench.warm_up(1, 500, 1us);
  const auto tasks = bench.submit_many(8);
  bench.take();
  Actions out;
  bench.scheduler.cancel_all(bench.now, out);
  CHECK(all_of<Settle>(out).size() == 4);
  REQUIRE(all_of<Recall>(out).size() == 1);
  CHECK(all_of<Recall>(out)[0].tasks == std::vector{tasks[3], tasks[2], tasks[1], tasks[0]});
  for (std::size_t i = 3; i > 0; --i) bench.give_back(worker(0), tasks[i]);
  bench.refuse(worker(0), tasks[0]);
  CHECK(bench.take() == actions(settle(tasks[3], SettleReason::cancelled),
                                settle(tasks[2], SettleReason::cancelled),
                                settle(tasks[1], SettleReason::cancelled)));
  bench.lose(worker(0), tasks[0]);
  CHECK(bench.take() == actions(settle(tasks[0], SettleReason::worker_lost)));
  CHECK(bench.scheduler.idle());
}

TEST_CASE("a pool broken from outside settles everything and ends its workers") {
  SchedulerBench bench{{.workers = 2}};
  const auto tasks = bench.submit_many(2);
  bench.take();
  bench.ready(worker(0));
  bench.take();
  Actions out;
  bench.scheduler.break_pool(out);
  CHECK(out == actions(settle(tasks[0], SettleReason::broken),
                       settle(tasks[1], SettleReason::broken), Kill{worker(0)}, Kill{worker(1)}));
  CHECK(bench.report(worker(0), tasks[0], 1) == Verdict::stale);
  CHECK(bench.take() == actions());
}
