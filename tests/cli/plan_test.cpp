// SPDX-License-Identifier: MIT
// plan_test.cpp - what may start when, without a process: order, needs, partners, retries.
#include "coordinator/cli/plan.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <vector>

#include "plan_bench.hpp"

using namespace procfarm::cli;
using namespace std::chrono_literals;

TEST_CASE("plan: instances start in order, and the plan is done when all have ended") {
  PlanBench bench({task(3)});
  CHECK(bench.go() == "0[0] 0[1] 0[2]");
  CHECK_FALSE(bench.plan.done());
  bench.pass(0, 1);
  bench.pass(0, 0);
  bench.fail(0, 2);
  CHECK(bench.plan.done());
  CHECK(bench.plan.counts().passed == 2);
  CHECK(bench.plan.counts().failed == 1);
  CHECK_FALSE(bench.plan.succeeded(0));
}

TEST_CASE("plan: a higher priority goes first, else the order of the job") {
  PlanTask urgent = task(1);
  urgent.priority = 5;
  PlanBench bench({task(2), urgent, task(1)});
  CHECK(bench.go() == "1[0] 0[0] 0[1] 2[0]");
}

TEST_CASE("plan: a task waits for all instances of what it needs") {
  PlanBench bench({task(2), task(1, {{.task = 0}})});
  CHECK(bench.go() == "0[0] 0[1]");
  bench.pass(0, 0);
  CHECK(bench.go().empty());
  bench.pass(0, 1);
  CHECK(bench.go() == "1[0]");
}

TEST_CASE("plan: what was done before is good for those that wait for it, and counts apart") {
  PlanBench bench({task(2), task(1, {{.task = 0}})});
  CHECK(bench.go() == "0[0] 0[1]");
  bench.plan.kept({0, 0});
  bench.pass(0, 1);
  CHECK(bench.go() == "1[0]");
  bench.plan.kept({1, 0});
  CHECK(bench.plan.done());
  CHECK(bench.plan.counts().kept == 2);
  CHECK(bench.plan.counts().done() == 1);
}

TEST_CASE("plan: needs may be written after the task that has them") {
  PlanBench bench({task(1, {{.task = 1}}), task(1)});
  CHECK(bench.go() == "1[0]");
  bench.pass(1);
  CHECK(bench.go() == "0[0]");
}

TEST_CASE("plan: a failure skips the tasks that need it, and those that need them") {
  PlanBench bench({task(1), task(3, {{.task = 0}}), task(1, {{.task = 1}}), task(1)});
  CHECK(bench.go() == "0[0] 3[0]");
  bench.fail(0);
  CHECK(bench.go() == "-1 -2");
  CHECK(bench.plan.counts().skipped == 4);
  bench.pass(3);
  CHECK(bench.plan.done());
}

TEST_CASE("plan: when = failure runs only after a failure, always in either case") {
  PlanTask cleanup = task(1, {{.task = 0}});
  cleanup.when = PlanWhen::failure;
  PlanTask report = task(1, {{.task = 0}});
  report.when = PlanWhen::always;
  SUBCASE("it failed") {
    PlanBench bench({task(1), cleanup, report});
    bench.go();
    bench.fail(0);
    CHECK(bench.go() == "1[0] 2[0]");
  }
  SUBCASE("it passed") {
    PlanBench bench({task(1), cleanup, report});
    bench.go();
    bench.pass(0);
    CHECK(bench.go() == "-1 2[0]");
  }
}

TEST_CASE("plan: match = same starts each instance after its partner, in whatever order") {
  PlanBench bench({tracked(3), task(3, {{.task = 0, .same = true}})});
  CHECK(bench.go() == "0[0] 0[1] 0[2]");
  bench.pass(0, 2);
  CHECK(bench.go() == "1[2]");
  bench.fail(0, 0);
  CHECK(bench.go() == "-1[0]");
  bench.pass(0, 1);
  CHECK(bench.go() == "1[1]");
  bench.pass(1, 1);
  bench.pass(1, 2);
  CHECK(bench.plan.done());
  CHECK(bench.plan.counts().skipped == 1);
}

TEST_CASE("plan: match = same over thousands of instances misses none") {
  constexpr std::uint64_t count = 5000;
  PlanBench bench({tracked(count), task(count, {{.task = 0, .same = true}})},
                  {.places = 8, .command_window = 7, .function_window = 7});
  std::uint64_t ended = 0;
  std::vector<bool> first_done(count);
  std::vector<InstanceKey> flying;
  while (!bench.plan.done()) {
    while (const auto step = bench.plan.next(bench.now)) {
      if (step->instance.task == 1) CHECK(first_done[step->instance.index]);
      flying.push_back(step->instance);
    }
    REQUIRE_FALSE(flying.empty());
    const std::size_t chosen = (ended * 5) % flying.size();
    const InstanceKey instance = flying[chosen];
    flying.erase(flying.begin() + static_cast<std::ptrdiff_t>(chosen));
    if (instance.task == 0) first_done[instance.index] = true;
    bench.pass(instance.task, instance.index);
    ++ended;
  }
  CHECK(ended == 2 * count);
}

TEST_CASE("plan: a partner that is skipped as a whole skips all of its partners") {
  PlanTask middle = tracked(2);
  middle.needs = {{.task = 0}};
  PlanBench bench({task(1), middle, task(2, {{.task = 1, .same = true}})});
  bench.go();
  bench.fail(0);
  CHECK(bench.go() == "-1 -2[0] -2[1]");
  CHECK(bench.plan.done());
}

TEST_CASE("plan: a failed attempt is made again after its delay, which grows") {
  PlanTask flaky = task(1);
  flaky.retries = 2;
  flaky.delay = 1s;
  flaky.backoff = 3.0;
  PlanBench bench({flaky});
  CHECK(bench.go() == "0[0]");
  const Verdict first = bench.plan.finished({0, 0}, false, true, bench.now);
  CHECK_FALSE(first.settled);
  CHECK(first.retry_at == bench.now + 1s);
  CHECK(bench.plan.next_deadline() == bench.now + 1s);
  CHECK(bench.go().empty());
  bench.now += 1s;
  CHECK(bench.go() == "0[0]#2");
  const Verdict second = bench.plan.finished({0, 0}, false, true, bench.now);
  CHECK(second.retry_at == bench.now + 3s);
  bench.now += 3s;
  CHECK(bench.go() == "0[0]#3");
  CHECK(bench.plan.finished({0, 0}, false, true, bench.now).settled);
  CHECK(bench.plan.counts().failed == 1);
  CHECK(bench.plan.counts().retried == 2);
  CHECK(bench.plan.done());
}

TEST_CASE("plan: a failure that the rules do not name is final") {
  PlanTask flaky = task(1);
  flaky.retries = 5;
  PlanBench bench({flaky});
  bench.go();
  CHECK(bench.plan.finished({0, 0}, false, false, bench.now).settled);
}
