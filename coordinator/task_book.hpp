// SPDX-License-Identifier: MIT
// task_book.hpp - the driver's table of unsettled tasks, and how they are settled. Holds one
// reference on each. Those that somebody waits for are announced together, by announce(), so that
// waiters wake once for a batch. Driver thread only.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "error_record.hpp"
#include "future_state.hpp"
#include "payload.hpp"
#include "pool_core.hpp"
#include "scheduler.hpp"

namespace procfarm {

class TaskBook {
 public:
  explicit TaskBook(PoolCore& core) : core_(core) {}
  TaskBook(const TaskBook&) = delete;
  TaskBook& operator=(const TaskBook&) = delete;
  ~TaskBook();

  /// Takes one reference each. Their ids are `first` and those that follow on it.
  void enter(std::uint64_t first, std::span<detail::FutureState* const> states);
  /// The same for a chunk that goes on where an entered one ended: its tasks are counted already.
  void enter_rest(detail::FutureState& state);
  /// nullptr: settled, or never entered.
  detail::FutureState* find(TaskId task) const;

  /// These settle and forget the task, unless its future has been cancelled meanwhile.
  void settle_outcome(detail::FutureState& state, Payload bytes);
  /// `bytes` are the failure; `stderr_tail` is what the worker has written, where it is captured.
  void settle_failure(detail::FutureState& state, Payload bytes, const std::string& stderr_tail);
  void settle_error(detail::FutureState& state, ErrorRecord error);
  /// `bytes`: what it returned all the same, if it did.
  void settle_cancelled(detail::FutureState& state, Payload bytes = {});
  /// A chunk that is claimed and has all its values.
  void settle_claimed(detail::FutureState& state);
  /// The caller's cancel() has settled it; `bytes` were its arguments.
  void forget(TaskId task, std::uint64_t bytes);

  /// Wakes those who wait for what was settled since the last call; reports the counts to the core.
  void announce();

 private:
  static constexpr std::size_t chunk_size = 1024;
  struct Chunk {
    std::array<detail::FutureState*, chunk_size> states{};
    std::size_t count = 0;
  };

  enum class How { done, failed, cancelled };
  void count(const detail::FutureState& state, How how);
  void finish(detail::FutureState& state, detail::Phase phase);
  void drop(detail::FutureState& state);
  void drop_recent();
  Chunk& chunk_for(std::uint64_t id);
  /// Null: no such chunk. Else that is the recent one now.
  detail::FutureState** slot(std::uint64_t id) const {
    if (id / chunk_size == recent_number_ && recent_ != nullptr) [[likely]]
      return &recent_->states[id % chunk_size];
    return look_up(id);
  }
  detail::FutureState** look_up(std::uint64_t id) const;

  PoolCore& core_;
  std::deque<std::unique_ptr<Chunk>> chunks_;  // of ids base_ * chunk_size and up; null when empty
  mutable Chunk* recent_ = nullptr;  // the one that was asked for last: tasks come in their order
  mutable std::uint64_t recent_number_ = 0;
  std::uint64_t base_ = 0;
  std::vector<detail::FutureState*> waited_for_;  // one reference each
  std::uint64_t settled_ = 0;
  std::uint64_t settled_bytes_ = 0;
};

}  // namespace procfarm
