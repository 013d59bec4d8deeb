// SPDX-License-Identifier: MIT
// shared_options.hpp - the options of one with(): one object for all tasks submitted with them.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include <procfarm/options.hpp>

#include "scheduler.hpp"

namespace procfarm {

/// `options` as they are. Throws std::invalid_argument that names what is impossible.
TaskOptions checked(TaskOptions options);

/// Reference counted by hand because a task must not pay 16 bytes for it. Any thread.
struct SharedOptions {
  explicit SharedOptions(TaskOptions given)
      : task(checked(std::move(given))),
        policy{task.priority, task.timeout, task.grace, task.retry} {}

  /// What submit() uses without with(); never freed and never counted.
  static const SharedOptions& plain() {
    static const auto* options = [] {
      auto* made = new SharedOptions(TaskOptions{});
      made->counted_ = false;
      return made;
    }();
    return *options;
  }
  void retain() const {
    if (counted_) references_.fetch_add(1, std::memory_order_relaxed);
  }
  void release() const {
    if (counted_ && references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  const TaskOptions task;
  const TaskPolicy policy;

 private:
  mutable std::atomic<std::uint64_t> references_{1};
  bool counted_ = true;
};

}  // namespace procfarm
