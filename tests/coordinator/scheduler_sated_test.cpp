// SPDX-License-Identifier: MIT
// scheduler_sated_test.cpp - when a further task changes nothing, so that nobody need be woken for
// it.
#include <optional>

#include "coordinator/scheduler.hpp"
#include "support/scheduler_bench.hpp"

using namespace procfarm;
using namespace procfarm::test;

TEST_CASE("sated: a further task is not assigned, nor starts or takes back anything") {
  SchedulerBench bench{{.workers = 2}};
  bench.warm_up(2, 4, 1ms);
  int sated = 0;
  for (int i = 0; i < 40; ++i) {
    const bool can_wait = bench.scheduler.sated() == 0;
    bench.submit();
    const Actions due = bench.take();
    if (!can_wait) continue;
    ++sated;
    CHECK(due == actions());
  }
  CHECK(sated > 20);
}

TEST_CASE("sated: not before all workers serve, nor while somebody has to decide") {
  SchedulerBench bench{{.workers = 2}};
  CHECK(!bench.scheduler.sated());
  const auto tasks = bench.submit_many(40);
  bench.take();
  bench.ready(worker(0));
  bench.take();
  CHECK(!bench.scheduler.sated());  // the other one is starting
  bench.ready(worker(1));
  CHECK(!bench.scheduler.sated());  // and is ready, but nobody has dispatched
  bench.take();
  CHECK(bench.scheduler.sated() == 0);
  bench.lose(worker(1));
  bench.take();
  CHECK(!bench.scheduler.sated());
}

TEST_CASE("sated: a task of more priority than those that wait is another matter") {
  SchedulerBench bench{{.workers = 1}};
  bench.warm_up(1, 2, 1ms);
  const TaskPolicy urgent{.priority = 1}, more_urgent{.priority = 2};
  bench.submit_many(20);
  bench.take();
  REQUIRE(bench.scheduler.sated() == 0);
  bench.submit(urgent);
  CHECK(all_of<Recall>(bench.take()).size() == 1);  // of what it holds and has not begun
  CHECK(bench.scheduler.sated() == 1);
  bench.submit(more_urgent);
  bench.take();
  CHECK(bench.scheduler.sated() == 2);
}

TEST_CASE("sated: no more than a handful waits, and a task may enlarge a batch") {
  SchedulerBench bench{{.workers = 1}};
  bench.warm_up(1, 2, 1ms);
  bench.submit_many(2);
  bench.take();
  CHECK(!bench.scheduler.sated());
}

TEST_CASE("sated: a pool that ends is not") {
  SchedulerBench bench{{.workers = 1}};
  bench.warm_up(1, 2, 1ms);
  bench.submit_many(20);
  bench.take();
  REQUIRE(bench.scheduler.sated());
  Actions ended;
  bench.scheduler.break_pool(ended);
  bench.take();
  CHECK(!bench.scheduler.sated());
}
