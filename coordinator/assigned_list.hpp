// SPDX-License-Identifier: MIT
// assigned_list.hpp - the tasks one worker holds, in the order it runs them. Taking the front is
// O(1), as is taking the newest; what leaves from the middle becomes a hole until the front has
// passed it. Ring of ids that grows to the largest batch and stays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "scheduler.hpp"

namespace procfarm::scheduling {

/// One thread at a time.
class AssignedList {
 public:
  std::uint32_t size() const { return live_; }
  bool empty() const { return live_ == 0; }
  TaskId front() const { return slots_[begin_ & mask()]; }  // size() > 0

  void push_back(TaskId task) {
    if (end_ - begin_ == slots_.size()) make_room();
    slots_[end_++ & mask()] = task;
    ++live_;
  }

  enum class Removed : std::uint8_t { absent, front, other };

  Removed remove(TaskId task) {
    if (live_ != 0 && front() == task) {
      ++begin_;
      --live_;
      trim();
      return Removed::front;
    }
    return remove_behind(task);
  }

  /// Whether `one` stands before `other`; both must be there.
  bool precedes(TaskId one, TaskId other) const;

  void clear() { begin_ = end_ = live_ = 0; }

  /// Calls visit(TaskId) from the newest on, all but the front, until it returns false.
  template <class Visit>
  void newest_behind_front(Visit visit) const {
    for (std::uint32_t at = end_; live_ != 0 && at != begin_ + 1; --at) {
      const TaskId task = slots_[(at - 1) & mask()];
      if (task != hole && !visit(task)) return;
    }
  }
  /// Calls visit(TaskId) for all, oldest first.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t at = begin_; at != end_; ++at)
      if (slots_[at & mask()] != hole) visit(slots_[at & mask()]);
  }

 private:
  static constexpr TaskId hole{~std::uint64_t{0}};

  std::uint32_t mask() const { return static_cast<std::uint32_t>(slots_.size()) - 1; }
  void make_room();
  Removed remove_behind(TaskId task);

  // Neither end is ever a hole.
  void trim() {
    if (live_ == 0) {
      begin_ = end_;
      return;
    }
    while (slots_[begin_ & mask()] == hole) ++begin_;
    while (slots_[(end_ - 1) & mask()] == hole) --end_;
  }

  std::vector<TaskId> slots_;  // size is a power of two, or 0
  std::uint32_t begin_ = 0;    // positions count on and wrap
  std::uint32_t end_ = 0;
  std::uint32_t live_ = 0;
};

}  // namespace procfarm::scheduling
