// SPDX-License-Identifier: MIT
// job_plan.hpp - for the two fuzzers of job files: takes a job that could be read as far as a plan
// and plays some of it. Of files it only asks whether they are there.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "coordinator/cli/job.hpp"
#include "coordinator/cli/job_check.hpp"
#include "coordinator/cli/plan.hpp"
#include "coordinator/cli/plan_builder.hpp"
#include "input.hpp"

namespace fuzz {

namespace cli = procfarm::cli;

/// Its rows come from no file.
inline bool without_files(const cli::TaskSpec& task) {
  return !task.data || task.data->kind == cli::ForeachKind::range ||
         task.data->kind == cli::ForeachKind::values;
}

/// Every instance that starts passes or fails in turn, until nothing starts or a limit is reached.
inline void play(cli::Plan& plan) {
  cli::PlanTime now{};
  for (int steps = 0; steps < 200; ++steps) {
    const auto step = plan.next(now);
    if (!step) {
      now += std::chrono::minutes(1);
      if (steps % 2 == 1) return;
      continue;
    }
    if (step->kind == cli::Step::Kind::start)
      (void)plan.finished(step->instance, steps % 3 != 0, true, now);
  }
}

inline std::optional<std::uint64_t> count_of(const cli::TaskSpec& task) {
  if (!task.is_repeated()) return 1;
  return std::nullopt;
}

inline void plan(const cli::Job& job) {
  cli::JobChecker checker(job, {.jobs = 4});
  for (const cli::TaskSpec& task : job.tasks) {
    if (!without_files(task)) return;
    checker.declare(task);
  }
  for (const cli::TaskSpec& task : job.tasks) checker.check(task);
  cli::check_cycles(job);
  cli::PlanBuilder builder(job, cli::RunOptions{}, false, false);
  std::vector<const cli::TaskSpec*> tasks;
  std::vector<std::optional<std::uint64_t>> counts;
  for (const cli::TaskSpec& task : job.tasks) {
    tasks.push_back(&task);
    counts.push_back(count_of(task));
  }
  cli::PlanLimits limits = cli::plan_limits(2);
  limits.pools = cli::pool_limits(job);
  cli::Plan plan(limits);
  plan.add(builder.add(tasks, counts));
  plan.close();
  play(plan);
}

}  // namespace fuzz
