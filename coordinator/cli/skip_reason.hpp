// SPDX-License-Identifier: MIT
// skip_reason.hpp - why an instance was skipped, in the same words wherever it is told: by a run
// that goes on, which has the task itself, and by readers of a run database, who have its
// definition. Pure.
#pragma once

#include <string>

#include "job.hpp"
#include "run_record.hpp"

namespace procfarm::cli {

/// The word of the job file, which is also that of a task's definition.
const char* when_word(When when);

/// Why a task was not wanted after what it needs had ended. `when` is empty for one that was
/// recorded without it.
const char* not_wanted_text(const std::string& when);

/// Why this skipped attempt of the task was skipped.
std::string skip_reason(const AttemptFinished& attempt, const TaskDescription& task);

}  // namespace procfarm::cli
