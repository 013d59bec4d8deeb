// SPDX-License-Identifier: MIT
// job_plan.hpp - shows what a job would do: `plan` and `run --dry-run`. Every task and instance as
// resolved; what depends on the run or on results of other tasks stays a placeholder.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "job.hpp"

namespace procfarm::cli {

/// Gets one line at a time, with its line feed.
using PlanSink = std::function<void(std::string_view line)>;

/// Which instances are shown; empty: all.
using PlanFilter = std::function<bool(const TaskSpec& task, std::uint64_t index)>;

/// For people: a line for each task, below it a line or more for each instance. A bad row is shown
/// as such. False if there is one. Throws what the sink throws.
bool plan_text(const Job& job, const PlanSink& sink, const PlanFilter& filter = {});

/// JSON Lines, one object for each instance; else as plan_text().
bool plan_json(const Job& job, const PlanSink& sink, const PlanFilter& filter = {});

}  // namespace procfarm::cli
