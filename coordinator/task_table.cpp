// SPDX-License-Identifier: MIT
// task_table.cpp - records come and go: those of one chunk are kept, so that a pool with few tasks
// at a time allocates nothing, and the front of the row is trimmed as old tasks settle.
#include "task_table.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace procfarm::scheduling {

void TaskTable::add_pending(TaskId first, std::uint32_t count, const TaskPolicy& policy) {
  std::uint64_t id = static_cast<std::uint64_t>(first);
  while (count > 0) {
    Chunk& chunk = chunk_for(TaskId{id});
    const auto slot = static_cast<std::uint32_t>(id & chunk_mask);
    const std::uint32_t fitting = std::min(count, static_cast<std::uint32_t>(chunk_size) - slot);
    if (chunk.live == 0) {
      chunk.policy = &policy;
      chunk.begin = chunk.end = slot;
    }
    if (chunk.records == nullptr && chunk.policy == &policy && chunk.end == slot) {
      chunk.end += fitting;
      chunk.live += fitting;
      size_ += fitting;
    } else {
      for (std::uint32_t i = 0; i < fitting; ++i)
        insert(TaskId{id + i}, policy).state = TaskState::pending;
    }
    id += fitting;
    count -= fitting;
  }
}

void TaskTable::make_records(Chunk& chunk) {
  chunk.records = spare_ ? std::move(spare_) : std::make_unique<Records>();
  if (chunk.live == 0) return;
  const TaskRecord untouched{.policy = chunk.policy, .state = TaskState::pending};
  for (std::uint32_t slot = chunk.begin; slot < chunk.end; ++slot) {
    (*chunk.records)[slot] = untouched;
  }
}

void TaskTable::drop_records(Chunk& chunk) {
  spare_ = std::move(chunk.records);
  if (size_ == 0) {
    chunks_.clear();
    unused_ = 0;
    return;
  }
  while (chunks_[unused_].live == 0) ++unused_;
  if (unused_ * 2 < chunks_.size()) return;
  chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(unused_));
  first_chunk_ += unused_;
  unused_ = 0;
}

}  // namespace procfarm::scheduling
