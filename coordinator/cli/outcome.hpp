// SPDX-License-Identifier: MIT
// outcome.hpp - from a finished future to what is recorded of an attempt: passed, or failed of
// which kind, with the words for people. Knows nothing of the plan; who decides on a further
// attempt asks retry_wanted().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <procfarm/any_future.hpp>
#include <procfarm/command.hpp>
#include <procfarm/exported.hpp>
#include <procfarm/future.hpp>

#include "job.hpp"
#include "run_record.hpp"

namespace procfarm::cli {

/// How an attempt ended. `kind` is set for failures that `retries.on` can name.
struct AttemptReport {
  AttemptFinished record{};
  std::optional<FailureKind> kind{};
  bool pool_broken = false;  // no worker can be started any more; the record says why
};

/// The word of the database and of events: `exit`, `worker-lost`, ...
std::string cause_word(FailureKind kind);

/// The report of a command's attempt. The future is done. Any thread.
AttemptReport report_command(const AttemptKey& key, const Future<CommandResult>& future,
                             const std::vector<int>& ok_exit);

/// The report of a function's attempt, which may have had a limit of memory. The future is done.
/// Any thread.
AttemptReport report_call(const AttemptKey& key, const Future<ExportResult>& future,
                          bool memory_is_limited);

/// A failure that was found here, before or after the attempt itself: `cause` such as `outputs`.
void make_failure(AttemptReport& report, const std::string& cause, const std::string& message);

/// The cause of a failure of what was running too often when its worker or the tool died.
inline constexpr const char* quarantined_cause = "quarantined";

/// Whether the rules want a further attempt after this failure; how many are left, the plan knows.
bool retry_wanted(const Retries& retries, const AttemptReport& report);

}  // namespace procfarm::cli
