// SPDX-License-Identifier: MIT
// plan_state.hpp - what Plan keeps of one task. Private to plan.cpp and plan_settle.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "plan.hpp"

namespace procfarm::cli {

struct Plan::TaskState {
  PlanTask task{};
  std::vector<std::uint32_t> dependents{};
  std::size_t needs_open = 0;  // needs without `same` that are not settled
  bool need_failed = false;    // one of those that are did not succeed
  bool paired = false;         // has needs with `same`
  bool waits_for_rows = false;
  bool skipped_whole = false;
  std::optional<std::uint64_t> expected{};  // instances, while their number is not known
  std::uint64_t next_index = 0;             // not paired: the next to start
  std::uint64_t scan_from = 0;              // paired: below it nothing can start
  InstanceBits taken{};                     // paired: started or skipped
  InstanceBits ended{};                     // tracked: settled
  InstanceBits bad{};                       // tracked: settled, and neither passed nor up to date
  std::uint64_t ended_count = 0;
  std::uint64_t bad_count = 0;

  int rank() const { return -task.priority; }

  bool is_selected(std::uint64_t index) const {
    return task.selected.empty() ||
           std::any_of(task.selected.begin(), task.selected.end(), [index](const auto& range) {
             return index >= range.first && index <= range.second;
           });
  }

  /// The first selected index from `index` on that there may be.
  std::optional<std::uint64_t> selected_from(std::uint64_t index) const {
    std::optional<std::uint64_t> first;
    if (task.selected.empty()) first = index;
    for (const auto& [low, high] : task.selected) {
      if (high >= index) first = std::min(first.value_or(high), std::max(index, low));
    }
    if (first && task.count && *first >= *task.count) return std::nullopt;
    return first;
  }

  /// How many of `count` instances are selected. The ranges do not overlap.
  std::uint64_t wanted(std::uint64_t count) const {
    if (task.selected.empty()) return count;
    std::uint64_t sum = 0;
    for (const auto& [low, high] : task.selected) {
      if (low < count) sum += std::min(high, count - 1) - low + 1;
    }
    return sum;
  }
};

}  // namespace procfarm::cli
