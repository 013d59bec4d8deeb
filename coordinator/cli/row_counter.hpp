// SPDX-License-Identifier: MIT
// row_counter.hpp - finds out in the background how many instances there will be, where only the
// data tells: for the progress shown, never for what runs. Data that can be read only once is left
// alone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "event_queue.hpp"
#include "job.hpp"

namespace procfarm::cli {

/// Stops counting when it is destroyed.
class RowCounter {
 public:
  using Task = std::pair<std::uint32_t, std::shared_ptr<const TaskSpec>>;

  /// The counts are told to `events`, which must outlive this, one after the other. What cannot be
  /// read is not told.
  RowCounter(std::shared_ptr<const Job> job, std::vector<Task> tasks, EventQueue& events);

 private:
  std::jthread thread_;
};

/// The rows of a file so small that reading it takes no time to speak of; else nothing.
std::optional<std::uint64_t> count_if_small(const Job& job, const TaskSpec& task);

/// Whether the task's data can be read twice.
bool can_be_counted(const Job& job, const TaskSpec& task);

}  // namespace procfarm::cli
