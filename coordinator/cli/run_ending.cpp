// SPDX-License-Identifier: MIT
// run_ending.cpp - the order of the reasons.
#include "run_ending.hpp"

#include <csignal>

namespace procfarm::cli {
namespace {

constexpr int signal_base = 128;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr int exit_farm = 3;
constexpr int exit_write = 4;
constexpr int exit_stopped = 5;

}  // namespace

int RunEnding::exit_code(bool some_failed, bool work_left) const {
  if (signal_ != 0) return signal_base + signal_;
  if (write_failed_) return exit_write;
  if (farm_failed_) return exit_farm;
  if (input_failed_ || selected_nothing_) return exit_usage;
  if (stopped_early_ && work_left) return exit_stopped;
  return some_failed ? exit_failed : 0;
}

std::string RunEnding::state(bool some_failed, bool work_left) const {
  if (signal_ != 0) return "cancelled";
  if (write_failed_ || farm_failed_ || input_failed_ || selected_nothing_) return "failed";
  if (stopped_early_ && work_left) return "stopped";
  return some_failed ? "failed" : "passed";
}

std::string RunEnding::reason(bool work_left) const {
  if (signal_ == SIGPIPE) return "ended: nobody reads standard output";
  if (signal_ != 0) return work_left ? "ended by a signal, work is left" : "ended by a signal";
  if (write_failed_) return "ended: an output could not be written";
  if (farm_failed_) return "ended: the farm failed";
  if (input_failed_) return "ended: the input could be read no further";
  if (stopped_early_ && work_left) return "stopped early, work is left";
  return {};
}

bool halt_reached(const HaltPolicy& policy, const PlanCounts& counts,
                  std::optional<std::uint64_t> total) {
  std::uint64_t reached = 0;
  switch (policy.counted) {
    case HaltPolicy::Counted::fail: reached = counts.failed; break;
    case HaltPolicy::Counted::success: reached = counts.passed; break;
    case HaltPolicy::Counted::done: reached = counts.done(); break;
  }
  if (!policy.percent) return reached >= policy.threshold;
  // As in GNU parallel, a share counts only once it is at least three of them.
  constexpr std::uint64_t least = 3;
  const std::uint64_t whole = total ? *total - counts.kept : counts.done();
  return reached >= least && reached * 100 >= policy.threshold * whole;
}

}  // namespace procfarm::cli
