// SPDX-License-Identifier: MIT
// run_selection.hpp - which instances of a recorded run a person means: `name`, `name[3]`,
// `name[0-9]`, `tag:x`, `failed`. Only reads the text; RunReader finds the rows.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace procfarm::cli {

/// What is not set does not narrow the selection; an empty selector selects everything.
struct RunSelection {
  static constexpr std::uint64_t no_end = std::numeric_limits<std::int64_t>::max();

  std::string task{};
  std::string tag{};
  bool failed = false;
  std::uint64_t first = 0;
  std::uint64_t last = no_end;   // inclusive
  std::optional<int> attempt{};  // default: the last of each instance
};

/// Throws RunError that shows the accepted forms.
RunSelection parse_run_selection(std::string_view selector);

}  // namespace procfarm::cli
