// SPDX-License-Identifier: MIT
// events_json.hpp - `--json`: what happens in a run as one JSON object per line. Names of events
// and members are an interface for programs: they are added to, not changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "explainer.hpp"
#include "shown_attempt.hpp"

namespace procfarm::cli {

struct RunStartedEvent {
  std::string run{};  // empty: nothing is kept
  std::string job{};
  int jobs = 0;
  std::optional<std::uint64_t> total{};
};

struct RunFinishedEvent {
  std::string run{};
  std::string state{};
  int exit_code = 0;
  std::uint64_t passed = 0, failed = 0, skipped = 0, cancelled = 0;
  std::uint64_t retried = 0, kept = 0;
  Duration took{};
};

/// Each is one line with its line end.
std::string event_line(const RunStartedEvent& event);
std::string event_line(const RunFinishedEvent& event);
std::string event_line(const Explanation& explanation);

/// `attempt-finished` if a further attempt follows, else `task-finished`.
std::string event_line(const ShownAttempt& attempt);

}  // namespace procfarm::cli
