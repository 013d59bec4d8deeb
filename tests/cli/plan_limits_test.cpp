// SPDX-License-Identifier: MIT
// plan_limits_test.cpp - pools, places and windows; rows that end or are late; selections; stops.
#include "coordinator/cli/plan.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <vector>

#include "plan_bench.hpp"

using namespace procfarm::cli;
using namespace std::chrono_literals;

TEST_CASE("plan: a pool lets only so many start, others go on") {
  PlanTask disk = task(3);
  disk.pool = 0;
  PlanLimits limits = PlanBench::wide();
  limits.pools = {1};
  PlanBench bench({disk, task(2)}, limits);
  CHECK(bench.go() == "0[0] 1[0] 1[1]");
  bench.pass(0, 0);
  CHECK(bench.go() == "0[1]");
}

TEST_CASE("plan: the window bounds what is handed out, functions have their own") {
  PlanTask calls = task(10);
  calls.function = true;
  PlanLimits limits{.places = 2, .command_window = 3, .function_window = 5};
  CHECK(PlanBench({task(10)}, limits).go() == "0[0] 0[1] 0[2]");
  CHECK(PlanBench({calls}, limits).go() == "0[0] 0[1] 0[2] 0[3] 0[4]");
}

TEST_CASE("plan: where places are counted, cpus in flight never exceed them and nobody starves") {
  PlanTask wide = task(1);
  wide.cpus = 3;
  wide.priority = 1;
  PlanBench bench({task(5), wide}, {.places = 4, .strict = true});
  CHECK(bench.go() == "1[0] 0[0]");
  bench.pass(1);
  CHECK(bench.go() == "0[1] 0[2] 0[3]");

  PlanBench waiting({task(2), wide, task(3)}, {.places = 4, .strict = true});
  CHECK(waiting.go() == "1[0] 0[0]");
}

TEST_CASE("plan: rows that end sooner settle the task with as many instances as there were") {
  PlanBench bench({PlanTask{.count = {}}, task(1, {{.task = 0}})},
                  {.places = 2, .command_window = 3, .function_window = 3});
  CHECK_FALSE(bench.plan.total());
  CHECK(bench.go() == "0[0] 0[1] 0[2]");
  bench.plan.exhausted(0, 2);
  CHECK(bench.plan.in_flight() == 2);
  CHECK(bench.plan.total() == 3);
  bench.pass(0, 0);
  bench.pass(0, 1);
  CHECK(bench.go() == "1[0]");
}

TEST_CASE("plan: a task without instances is a success as soon as its turn comes") {
  PlanBench bench({task(1), task(0, {{.task = 0}}), task(1, {{.task = 1}})});
  CHECK(bench.go() == "0[0]");
  bench.pass(0);
  CHECK(bench.go() == "2[0]");

  PlanBench backwards({task(1, {{.task = 1}}), task(0)});
  CHECK(backwards.go() == "0[0]");
}

TEST_CASE("plan: a skipped instance that turns out not to exist is not counted") {
  PlanTask first = tracked(1);
  PlanBench bench({first, PlanTask{.count = {}, .needs = {{.task = 0, .same = true}}}});
  CHECK(bench.go() == "0[0]");
  bench.fail(0);
  CHECK(bench.plan.next(bench.now)->kind == Step::Kind::skip);
  const auto beyond = bench.plan.next(bench.now);
  REQUIRE(beyond);
  CHECK(beyond->instance.index == 1);
  bench.plan.exhausted(1, 1);
  CHECK(bench.plan.counts().skipped == 1);
  CHECK(bench.go().empty());
  CHECK(bench.plan.done());
}

TEST_CASE("plan: an instance whose row has not arrived is offered again when it has") {
  PlanBench bench({PlanTask{.count = {}}, task(1)});
  const auto step = bench.plan.next(bench.now);
  REQUIRE(step);
  bench.plan.postpone(step->instance);
  CHECK(bench.go() == "1[0]");
  bench.plan.rows_arrived(0);
  CHECK(bench.plan.next(bench.now)->instance == InstanceKey{0, 0});
}

TEST_CASE("plan: after stop() nothing starts, is tried again or is waited for") {
  PlanTask flaky = task(3);
  flaky.retries = 5;
  PlanBench bench({flaky}, {.places = 2, .command_window = 2, .function_window = 2});
  CHECK(bench.go() == "0[0] 0[1]");
  bench.plan.stop();
  CHECK_FALSE(bench.plan.done());
  CHECK(bench.plan.finished({0, 0}, false, true, bench.now).settled);
  bench.plan.withdraw({0, 1});
  CHECK(bench.go().empty());
  CHECK(bench.plan.done());
  CHECK(bench.plan.open_tasks() == 1);
  CHECK(bench.plan.counts().failed == 1);
}

TEST_CASE("plan: what is up to date counts as skipped and lets others go on") {
  PlanBench bench({task(1), task(1, {{.task = 0}})});
  bench.go();
  bench.plan.up_to_date({0, 0});
  CHECK(bench.plan.counts().skipped == 1);
  CHECK(bench.go() == "1[0]");
}

TEST_CASE("plan: only the selected instances start and are waited for") {
  PlanTask some = task(100);
  some.selected = {{2, 3}, {98, 200}};
  PlanBench bench({some});
  CHECK(bench.plan.total() == 4);
  CHECK(bench.go() == "0[2] 0[3] 0[98] 0[99]");
  for (const std::uint64_t index : {2U, 3U, 98U, 99U}) bench.pass(0, index);
  CHECK(bench.plan.done());
}

TEST_CASE("plan: an instance that is not selected counts as done for its partner") {
  PlanTask some = tracked(3);
  some.selected = {{0, 0}};
  PlanBench bench({some, task(3, {{.task = 0, .same = true}})});
  CHECK(bench.go() == "0[0]");
  bench.fail(0, 0);
  CHECK(bench.go() == "-1[0] 1[1] 1[2]");
}

TEST_CASE("plan: tasks of a stream may need tasks that ended long ago") {
  Plan plan(PlanBench::wide());
  const PlanTime now{};
  plan.add({task(1)});
  CHECK(plan.next(now));
  plan.finished({0, 0}, false, false, now);
  CHECK_FALSE(plan.done());
  plan.add({task(1, {{.task = 0}})});
  CHECK(plan.next(now)->kind == Step::Kind::skip_task);
  plan.close();
  CHECK(plan.done());
}
