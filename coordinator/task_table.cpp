// SPDX-License-Identifier: MIT
// task_table.cpp - chunks come and go: one spare is kept, so that a pool with few tasks at a time
// allocates nothing, and the front of the row is trimmed as old tasks settle.
#include "task_table.hpp"

#include <cstddef>
#include <utility>

namespace procfarm::scheduling {

void TaskTable::add_chunk(std::size_t index) {
  if (index >= chunks_.size()) chunks_.resize(index + 1);
  chunks_[index] = spare_ ? std::move(spare_) : std::make_unique<Chunk>();
}

void TaskTable::drop_chunk(std::size_t index) {
  spare_ = std::move(chunks_[index]);
  if (size_ == 0) {
    chunks_.clear();
    unused_ = 0;
    return;
  }
  while (!chunks_[unused_]) ++unused_;
  if (unused_ * 2 < chunks_.size()) return;
  chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(unused_));
  first_chunk_ += unused_;
  unused_ = 0;
}

}  // namespace procfarm::scheduling
