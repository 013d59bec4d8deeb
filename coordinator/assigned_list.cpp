// SPDX-License-Identifier: MIT
// assigned_list.cpp - the rare paths: growing, and taking from the middle.
#include "assigned_list.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace procfarm::scheduling {

void AssignedList::make_room() {
  const bool mostly_holes = live_ * 2 < slots_.size();
  const std::size_t room = std::max<std::size_t>(4, slots_.size() * (mostly_holes ? 1 : 2));
  std::vector<TaskId> kept;
  kept.reserve(room);
  for_each([&kept](TaskId task) { kept.push_back(task); });
  kept.resize(room, hole);
  slots_ = std::move(kept);
  begin_ = 0;
  end_ = live_;
}

AssignedList::Removed AssignedList::remove_behind(TaskId task) {
  if (live_ == 0) return Removed::absent;
  // From the newest on: what leaves early was mostly recalled, newest first.
  for (std::uint32_t at = end_; at != begin_; --at) {
    if (slots_[(at - 1) & mask()] != task) continue;
    slots_[(at - 1) & mask()] = hole;
    --live_;
    trim();
    return Removed::other;
  }
  return Removed::absent;
}

bool AssignedList::precedes(TaskId one, TaskId other) const {
  for (std::uint32_t at = begin_; at != end_; ++at) {
    if (slots_[at & mask()] == other) return false;
    if (slots_[at & mask()] == one) return true;
  }
  return false;
}

}  // namespace procfarm::scheduling
