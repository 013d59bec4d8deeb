// SPDX-License-Identifier: MIT
// run_resume.hpp - which run `--resume` and `rerun` mean, and whether it can be taken up. Only
// looks; the lock and the last word are RunWriter's.
#pragma once

#include <string>

#include "job.hpp"
#include "options.hpp"
#include "run_directory.hpp"

namespace procfarm::cli {

/// What the run database calls the job: where its file lies, `-` or `each`.
std::string job_path(const Job& job);

/// The run that `options.running.resume` names; if it names none, the last run of this job that is
/// not complete, else its last. Throws std::invalid_argument, with the reason, if there is none, it
/// is of another job, in use, foreign or damaged.
RunDirectory find_resumable(const Options& options, const Job& job);

/// A run of which failed tasks are to run again, with the job as it was then.
struct RerunJob {
  RunDirectory directory{};
  Job job{};
};

/// Throws as find_resumable(), also if the run has kept no job; JobError.
RerunJob find_rerun(const Options& options);

}  // namespace procfarm::cli
