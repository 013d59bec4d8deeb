// SPDX-License-Identifier: MIT
// attempt_maker.hpp - from an instance whose turn it is to what the launcher starts: placeholders
// filled in, files for its streams made, limits set. And after its end: files named, outputs
// checked.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "instance.hpp"
#include "job.hpp"
#include "launcher.hpp"
#include "options.hpp"
#include "outcome.hpp"
#include "signature.hpp"
#include "task_files.hpp"
#include "work_hash.hpp"

namespace procfarm::cli {

/// An attempt that is ready to start, and what is needed when it ends.
struct PreparedAttempt {
  std::variant<CommandLaunch, CallLaunch> launch{};
  std::optional<FileTarget> out_file{};
  std::optional<FileTarget> err_file{};
  bool keeps_out = true;  // false: what a function prints is dropped
  bool keeps_err = true;
  std::vector<std::string> outputs{};
  std::string command{};  // one line, for the job log
  bool print_out = false;
  bool print_err = false;
  std::string hash{};       // of what it does; empty if nothing is kept
  bool up_to_date = false;  // there is nothing to do: do not start it
};

/// What an attempt is made from. `signature` is null for commands.
struct AttemptInput {
  const Job& job;
  const TaskSpec& task;
  const Instance& instance;
  InstanceKey key{};
  ResolveContext context{};
  const FunctionSignature* signature = nullptr;
  const WorkHasher* hasher = nullptr;  // null: no hash is wanted
};

/// Throws JobError for data that does not fit, std::system_error for a file that cannot be made:
/// failures of this instance alone.
PreparedAttempt prepare_attempt(const AttemptInput& input, const RunOptions& options);

/// Makes the files final and looks for the outputs that were promised. A report of success may
/// become one of failure, of the cause `outputs` or `output-write`.
void conclude_attempt(AttemptReport& report, PreparedAttempt& attempt);

/// Makes a record of an attempt small enough for the run database: of more output than that only
/// the beginning is kept, and success becomes a failure to write it. SQLite has a limit of 10^9
/// bytes for a row.
void fit_into_database(AttemptReport& report, std::size_t most = 900'000'000);

/// The cause of a failure to write an output, which makes the run end with 4.
inline constexpr const char* output_write_cause = "output-write";

}  // namespace procfarm::cli
