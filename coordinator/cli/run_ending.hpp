// SPDX-License-Identifier: MIT
// run_ending.hpp - why a run ends and with which exit code. Pure: reasons come in as they happen,
// in any order, and the gravest decides.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "options.hpp"
#include "plan.hpp"

namespace procfarm::cli {

/// A plain value. One thread at a time.
class RunEnding {
 public:
  void signalled(int signal) {
    if (signal_ == 0) signal_ = signal;
  }
  void write_failed() { write_failed_ = true; }
  void farm_failed() { farm_failed_ = true; }
  void input_failed() { input_failed_ = true; }
  /// A selector of --only has proved to name nothing.
  void selected_nothing() { selected_nothing_ = true; }
  /// Ended before its work was done, by --halt or SIGUSR2.
  void stopped_early() { stopped_early_ = true; }

  /// 128+n, 4, 3, 2, 5, 1, 0: the first that applies.
  int exit_code(bool some_failed, bool work_left) const;

  /// A word for the database: passed, failed, stopped, cancelled.
  std::string state(bool some_failed, bool work_left) const;

  /// Why it ended early, for people; empty if it did not.
  std::string reason(bool work_left) const;

 private:
  int signal_ = 0;
  bool write_failed_ = false;
  bool farm_failed_ = false;
  bool input_failed_ = false;
  bool selected_nothing_ = false;
  bool stopped_early_ = false;
};

/// Whether the counts have reached what the policy waits for. Per cent are of `total`, or of what
/// is done while the total is not known. What was done before a run was resumed does not count.
bool halt_reached(const HaltPolicy& policy, const PlanCounts& counts,
                  std::optional<std::uint64_t> total);

}  // namespace procfarm::cli
