// SPDX-License-Identifier: MIT
// task_table.hpp - what the scheduler knows of each unsettled task: 16 bytes, found by id.
// Ids ascend, so the table is a row of chunks indexed by id; a chunk whose tasks are all settled
// is given back. Knows nothing of queues or workers.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "scheduler.hpp"

namespace procfarm::scheduling {

/// `none` marks a free record. `blocked` waits for other futures, `delayed` for its next attempt.
enum class TaskState : std::uint8_t { none, blocked, delayed, pending, assigned };

/// Marks of an attempt in progress, combined with |.
namespace mark {
inline constexpr std::uint8_t cancelling = 1;  // cancel_running: ends as cancelled, no retry
inline constexpr std::uint8_t timed_out = 2;   // its limit has passed
inline constexpr std::uint8_t stopping = 4;    // Stop was sent, grace is running
}  // namespace mark

struct TaskRecord {
  const TaskPolicy* policy = nullptr;
  std::uint32_t attempt = 1;
  std::uint16_t seat = 0;  // of the worker it is assigned to
  TaskState state = TaskState::none;
  std::uint8_t marks = 0;
};
static_assert(sizeof(TaskRecord) == 16);

/// One thread at a time.
class TaskTable {
 public:
  /// Ids must come in ascending order, but for one that lies above a task that is there.
  TaskRecord& insert(TaskId task, const TaskPolicy& policy) {
    const std::uint64_t number = static_cast<std::uint64_t>(task);
    if (chunks_.empty()) first_chunk_ = number >> chunk_bits;
    assert(number >> chunk_bits >= first_chunk_);
    const std::size_t index = static_cast<std::size_t>((number >> chunk_bits) - first_chunk_);
    if (index >= chunks_.size() || !chunks_[index]) add_chunk(index);
    Chunk& chunk = *chunks_[index];
    ++chunk.live;
    ++size_;
    TaskRecord& record = chunk.records[number & chunk_mask];
    record = TaskRecord{};
    record.policy = &policy;
    return record;
  }

  /// Null when the task is settled or was never there.
  TaskRecord* find(TaskId task) {
    const std::uint64_t number = static_cast<std::uint64_t>(task);
    const std::uint64_t index = (number >> chunk_bits) - first_chunk_;  // wraps: then not found
    if (index >= chunks_.size() || !chunks_[index]) return nullptr;
    TaskRecord& record = chunks_[index]->records[number & chunk_mask];
    return record.state == TaskState::none ? nullptr : &record;
  }
  const TaskRecord* find(TaskId task) const { return const_cast<TaskTable*>(this)->find(task); }

  /// `task` must be there.
  void erase(TaskId task) {
    const std::uint64_t number = static_cast<std::uint64_t>(task);
    const std::size_t index = static_cast<std::size_t>((number >> chunk_bits) - first_chunk_);
    Chunk& chunk = *chunks_[index];
    chunk.records[number & chunk_mask].state = TaskState::none;
    --size_;
    if (--chunk.live == 0) drop_chunk(index);
  }

  std::uint64_t size() const { return size_; }

  /// Calls visit(TaskId, const TaskRecord&) in ascending order; it must not change the table.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t index = 0; index < chunks_.size(); ++index) {
      if (!chunks_[index]) continue;
      for (std::size_t slot = 0; slot < chunk_size; ++slot) {
        const TaskRecord& record = chunks_[index]->records[slot];
        if (record.state == TaskState::none) continue;
        visit(static_cast<TaskId>(((first_chunk_ + index) << chunk_bits) + slot), record);
      }
    }
  }

 private:
  static constexpr unsigned chunk_bits = 10;
  static constexpr std::size_t chunk_size = std::size_t{1} << chunk_bits;
  static constexpr std::uint64_t chunk_mask = chunk_size - 1;
  struct Chunk {
    std::array<TaskRecord, chunk_size> records{};
    std::size_t live = 0;
  };

  void add_chunk(std::size_t index);
  void drop_chunk(std::size_t index);

  std::vector<std::unique_ptr<Chunk>> chunks_;  // null where all tasks are settled
  std::unique_ptr<Chunk> spare_;                // all its records are free
  std::size_t unused_ = 0;                      // so many chunks at the front are null
  std::uint64_t first_chunk_ = 0;               // number of the first task in chunks_[0], >> bits
  std::uint64_t size_ = 0;
};

}  // namespace procfarm::scheduling
