// SPDX-License-Identifier: MIT
// shown_attempt.hpp - what the outside gets to know of an ended attempt once it is recorded: the
// display, the events, the job log and the output printer all are told with this.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "run_record.hpp"

namespace procfarm::cli {

/// An attempt that has ended, or an instance that was settled without one (attempt 0).
struct ShownAttempt {
  AttemptKey key{};
  AttemptOutcome outcome = AttemptOutcome::passed;
  bool settled = true;          // false: a further attempt follows
  std::uint64_t instances = 1;  // more: of a task that was skipped as a whole
  std::uint64_t number = 1;     // of the instance, among all of the job
  std::string task{};
  std::string name{};  // of the instance: pack[3]
  std::string label{};
  std::string command{};  // for the job log
  std::string cause{};
  std::string reason{};  // how it ended, for people
  std::optional<int> exit_code{};
  std::optional<int> signal{};
  int worker_pid = 0;
  TimePoint started{};
  TimePoint finished{};
  Duration cpu_time{};
  std::uint64_t peak_memory = 0;
  std::optional<std::string> out{};  // set: somebody wants it
  std::optional<std::string> err{};
  bool print_out = false;  // as a block, on standard output
  bool print_err = false;
  std::string stderr_tail{};            // of a failure
  std::optional<std::string> result{};  // encoded; set: is to be told

  Duration took() const { return finished > started ? finished - started : Duration::zero(); }
};

}  // namespace procfarm::cli
