// SPDX-License-Identifier: MIT
// job_reader.hpp - what the keys of a job mean, whether they were written as TOML or as JSON: one
// table of keys, one reader for both.
#pragma once

#include <string>
#include <vector>

#include "job.hpp"
#include "job_node.hpp"

namespace procfarm::cli {

/// Which keys a job has beside its tasks: `name`, `defaults`, `modules`, `pools`.
const std::vector<std::string>& job_keys();

/// Fills in name, modules and pools, and checks [defaults] as far as it can be without a task.
/// Throws JobError for unknown keys and wrong values. `root` may also have `task`, which is left.
void read_job_tables(const Node& root, Job& job);

/// One task, with what it leaves out taken from `defaults` (may be null). `kind` is how a task is
/// called in messages: `[[task]]` or `task`. A task without a name gets `fallback_name`, or if that
/// is empty is an error. Throws JobError at the place of the mistake.
TaskSpec read_task(const Node& table, const Node* defaults, const std::string& kind,
                   const std::string& fallback_name);

}  // namespace procfarm::cli
