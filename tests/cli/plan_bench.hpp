// SPDX-License-Identifier: MIT
// plan_bench.hpp - a plan under test, driven by hand, with what it says as short words.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/cli/plan.hpp"

namespace procfarm::cli {

/// A plan under test, with a clock of its own. Tasks are named by their numbers.
class PlanBench {
 public:
  explicit PlanBench(std::vector<PlanTask> tasks, PlanLimits limits = wide()) : plan(limits) {
    plan.add(std::move(tasks));
    plan.close();
  }
  static PlanLimits wide() {
    return {.places = 8, .command_window = 1000, .function_window = 1000};
  }

  /// What starts or is skipped now: "0[1] 0[2] -1[0] -2" (skipped, whole task skipped).
  std::string go() {
    std::string words;
    while (const auto step = plan.next(now)) {
      if (!words.empty()) words += ' ';
      if (step->kind != Step::Kind::start) words += '-';
      words += std::to_string(step->instance.task);
      if (step->kind == Step::Kind::skip_task) continue;
      words += "[" + std::to_string(step->instance.index) + "]";
      if (step->attempt > 1) words += "#" + std::to_string(step->attempt);
    }
    return words;
  }
  void pass(std::uint32_t task, std::uint64_t index = 0) {
    CHECK(plan.finished({task, index}, true, false, now).settled);
  }
  void fail(std::uint32_t task, std::uint64_t index = 0) {
    CHECK(plan.finished({task, index}, false, false, now).settled);
  }

  Plan plan;
  PlanTime now{};
};

inline PlanTask task(std::uint64_t count = 1, std::vector<PlanNeed> needs = {}) {
  return {.count = count, .needs = std::move(needs)};
}

inline PlanTask tracked(std::uint64_t count) { return {.count = count, .track = true}; }

}  // namespace procfarm::cli
