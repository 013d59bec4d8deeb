// SPDX-License-Identifier: MIT
// task_table.hpp - what the scheduler knows of each unsettled task, found by id: 16 bytes, or next
// to nothing as long as it only waits for its turn. Ids ascend, so the table is a row of chunks
// indexed by id. A chunk into which nobody has looked yet is a range of tasks that came with the
// same policy; its records are made when the first of them is asked for, and given back when all
// are settled. Knows nothing of queues or workers.
#pragma once

#include <algorithm>
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
  /// Pending tasks at their first attempt, with ids that follow on `first`. Ids must come in
  /// ascending order, but for one that lies above a task that is there.
  void add_pending(TaskId first, std::uint32_t count, const TaskPolicy& policy);

  /// The same, but the state is for the caller to set.
  TaskRecord& insert(TaskId task, const TaskPolicy& policy) {
    Chunk& chunk = chunk_for(task);
    if (chunk.records == nullptr) make_records(chunk);
    ++chunk.live;
    ++size_;
    TaskRecord& record = (*chunk.records)[static_cast<std::uint64_t>(task) & chunk_mask];
    record = TaskRecord{};
    record.policy = &policy;
    return record;
  }

  /// Null when the task is settled or was never there. Valid until the task is erased.
  TaskRecord* find(TaskId task) {
    const std::uint64_t number = static_cast<std::uint64_t>(task);
    Chunk* const chunk = filled_chunk(number);
    if (chunk == nullptr) return nullptr;
    TaskRecord& record = (*chunk->records)[number & chunk_mask];
    return record.state == TaskState::none ? nullptr : &record;
  }
  const TaskRecord* find(TaskId task) const { return const_cast<TaskTable*>(this)->find(task); }

  /// Calls visit(TaskId, TaskRecord&) for those of `count` tasks, with ids that follow on `first`,
  /// that are there; it must not change the table.
  template <class Visit>
  void visit(TaskId first, std::uint64_t count, Visit visit) {
    std::uint64_t id = static_cast<std::uint64_t>(first);
    for (const std::uint64_t end = id + count; id != end;) {
      const std::uint64_t slot = id & chunk_mask;
      const std::uint64_t fitting = std::min(end - id, chunk_size - slot);
      if (Chunk* const chunk = filled_chunk(id)) {
        for (std::uint64_t i = 0; i < fitting; ++i) {
          TaskRecord& record = (*chunk->records)[slot + i];
          if (record.state != TaskState::none) visit(TaskId{id + i}, record);
        }
      }
      id += fitting;
    }
  }

  /// `task` must be there.
  void erase(TaskId task) {
    const std::uint64_t number = static_cast<std::uint64_t>(task);
    Chunk& chunk = chunks_[static_cast<std::size_t>((number >> chunk_bits) - first_chunk_)];
    if (chunk.records == nullptr) make_records(chunk);
    (*chunk.records)[number & chunk_mask].state = TaskState::none;
    --size_;
    if (--chunk.live == 0) drop_records(chunk);
  }

  std::uint64_t size() const { return size_; }

  /// Calls visit(TaskId, const TaskRecord&) in ascending order; it must not change the table.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t index = 0; index < chunks_.size(); ++index) {
      const Chunk& chunk = chunks_[index];
      if (chunk.live == 0) continue;
      const std::uint64_t first = (first_chunk_ + index) << chunk_bits;
      if (chunk.records == nullptr) {
        const TaskRecord untouched{.policy = chunk.policy, .state = TaskState::pending};
        for (std::uint32_t slot = chunk.begin; slot < chunk.end; ++slot) {
          visit(static_cast<TaskId>(first + slot), untouched);
        }
        continue;
      }
      for (std::size_t slot = 0; slot < chunk_size; ++slot) {
        const TaskRecord& record = (*chunk.records)[slot];
        if (record.state != TaskState::none) visit(static_cast<TaskId>(first + slot), record);
      }
    }
  }

 private:
  static constexpr unsigned chunk_bits = 10;
  static constexpr std::size_t chunk_size = std::size_t{1} << chunk_bits;
  static constexpr std::uint64_t chunk_mask = chunk_size - 1;
  using Records = std::array<TaskRecord, chunk_size>;
  struct Chunk {
    std::unique_ptr<Records> records{};
    // Without records: the tasks in [begin, end) are pending at their first attempt.
    const TaskPolicy* policy = nullptr;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t live = 0;
  };

  Chunk& chunk_for(TaskId task) {
    const std::uint64_t number = static_cast<std::uint64_t>(task) >> chunk_bits;
    if (chunks_.empty()) first_chunk_ = number;
    assert(number >= first_chunk_);
    const auto index = static_cast<std::size_t>(number - first_chunk_);
    if (index >= chunks_.size()) chunks_.resize(index + 1);
    return chunks_[index];
  }
  /// The one of this id, with records; null if it has no task.
  Chunk* filled_chunk(std::uint64_t id) {
    const std::uint64_t index = (id >> chunk_bits) - first_chunk_;  // wraps: then not found
    if (index >= chunks_.size() || chunks_[index].live == 0) return nullptr;
    Chunk& chunk = chunks_[index];
    if (chunk.records == nullptr) make_records(chunk);
    return &chunk;
  }
  void make_records(Chunk& chunk);
  void drop_records(Chunk& chunk);

  std::vector<Chunk> chunks_;       // `live` is 0 where all tasks are settled
  std::unique_ptr<Records> spare_;  // all of them are free
  std::size_t unused_ = 0;          // so many chunks at the front have no task
  std::uint64_t first_chunk_ = 0;   // number of the first task in chunks_[0], >> bits
  std::uint64_t size_ = 0;
};

}  // namespace procfarm::scheduling
