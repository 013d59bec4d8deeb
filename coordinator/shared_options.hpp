// SPDX-License-Identifier: MIT
// shared_options.hpp - the options of one with(): one object for all tasks submitted with them.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include <procfarm/options.hpp>

#include "scheduler.hpp"

namespace procfarm {

/// `options` as they are. Throws std::invalid_argument that names what is impossible.
TaskOptions checked(TaskOptions options);

/// Reference counted by hand because a task must not pay 16 bytes for it. Any thread.
struct SharedOptions {
  explicit SharedOptions(TaskOptions given)
      : SharedOptions(std::exchange(given.after, {}), given) {}

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

  /// The same for those who need `after`: who may submit with these options, and tasks that wait.
  /// With the last of them it goes, so that a task that is done does not keep all before it.
  void retain_with_after() const {
    retain();
    if (counted_) after_users_.fetch_add(1, std::memory_order_relaxed);
  }
  void release_with_after() const {
    if (counted_ && after_users_.fetch_sub(1, std::memory_order_acq_rel) == 1) after_.clear();
    release();
  }
  const std::vector<AnyFuture>& after() const { return after_; }

  const TaskOptions task;  // but for `after`
  const TaskPolicy policy;
  const bool waits;  // something was in `after`

 private:
  SharedOptions(std::vector<AnyFuture> after, TaskOptions& others)
      : task(checked(std::move(others))),
        policy{task.priority, task.timeout, task.grace, task.retry},
        waits(!after.empty()),
        after_(std::move(after)) {}

  mutable std::vector<AnyFuture> after_;
  mutable std::atomic<std::uint64_t> after_users_{0};
  mutable std::atomic<std::uint64_t> references_{1};
  bool counted_ = true;
};

/// Holds options with their `after`.
class AfterHold {
 public:
  explicit AfterHold(const SharedOptions& options) : options_(options) {
    options_.retain_with_after();
  }
  AfterHold(const AfterHold& other) : AfterHold(other.options_) {}
  AfterHold& operator=(const AfterHold&) = delete;
  ~AfterHold() { options_.release_with_after(); }

 private:
  const SharedOptions& options_;
};

}  // namespace procfarm
