// SPDX-License-Identifier: MIT
// commands.hpp - the subcommands that run something or look at a job; those that read a run are in
// the show_* files. Each returns the exit code and throws what main turns into one line.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "job.hpp"
#include "options.hpp"
#include "plan_builder.hpp"

namespace procfarm::cli {

int command_run(const Options& options);
int command_rerun(const Options& options);
int command_each(const Options& options);
int command_plan(const Options& options);
int command_functions(const Options& options);
int command_doctor(const Options& options);

/// The job of a file or, with `-`, of standard input; a stream is read to its end. Throws JobError.
Job read_whole_job(const std::string& path);

/// The job of `each`: one task over the source's lines. The line is appended to a command that does
/// not use it. Throws JobError.
std::shared_ptr<const Job> make_each_job(const Options& options);

/// Prints what the job would do, of the instances that `only` selects. Returns the exit code.
int print_plan(const Job& job, const std::vector<std::string>& only, bool json);

}  // namespace procfarm::cli
