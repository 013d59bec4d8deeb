// SPDX-License-Identifier: MIT
// instance_feed.hpp - a task's instances by their index. Rows are read once and in order; those
// that are passed over because a later one may start first wait here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "instance.hpp"
#include "read_ahead.hpp"

namespace procfarm::cli {

/// One thread at a time.
class InstanceFeed {
 public:
  enum class State { instance, later, end };
  struct Answer {
    State state = State::end;
    std::optional<Instance> instance{};
    std::uint64_t count = 0;  // at the end: how many there are
  };

  /// `arrived` is called after a put-off take(), when another one may give more: if data comes from
  /// a pipe, in the thread that reads it. With `keeps` rows that are passed over are kept, else
  /// they are dropped. Throws JobError.
  InstanceFeed(std::shared_ptr<const Job> job, std::shared_ptr<const TaskSpec> task, bool keeps,
               std::function<void()> arrived);

  /// The instance with this index, each of them once; later if its row has not arrived, or if there
  /// are many before it. Throws JobError if the data can be read no further, and std::logic_error
  /// for one that was given or dropped before.
  Answer take(std::uint64_t index);

  /// How many instances there are if nothing is left to be read; nothing if something is, or if
  /// that cannot be told without waiting. Throws JobError as take().
  std::optional<std::uint64_t> find_end();

  /// Of all instances, where that is known.
  std::optional<std::uint64_t> count() const { return count_; }

 private:
  Answer put_off() const;

  bool keeps_;
  std::function<void()> arrived_;
  std::optional<std::uint64_t> count_;
  std::shared_ptr<InstanceStream> droppable_;  // null: rows are kept, or a thread reads them
  std::unique_ptr<ReadAhead<Instance>> rows_;
  std::map<std::uint64_t, Instance> passed_over_;
  std::uint64_t next_ = 0;
};

}  // namespace procfarm::cli
