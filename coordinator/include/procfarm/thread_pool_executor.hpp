// SPDX-License-Identifier: MIT
// thread_pool_executor.hpp - runs callables on threads of this process and hands out futures: for
// work that waits, or that is too small or too tied to memory to be sent to another process.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include <procfarm/local_executor.hpp>

namespace procfarm {

/// How a ThreadPoolExecutor is built.
struct ThreadPoolOptions {
  std::optional<int> max_workers{};          // default min(32, usable_cpus() + 4); <= 0 is refused
  std::function<void()> initializer{};       // on every thread, before its first task
  std::optional<std::size_t> max_pending{};  // >= 1; submit blocks while so many are pending
};

/// A pool of threads; they start when there is work for them. A task may wait for futures of its
/// own pool: the thread runs the awaited task itself or, while it waits, another thread takes its
/// place; a wait in a circle throws InvalidStateError. cancel(cancel_running) asks a running task
/// to stop; its future is cancelled when it has returned.
class ThreadPoolExecutor : public LocalExecutor {
 public:
  /// As many threads as ThreadPoolOptions has by default.
  ThreadPoolExecutor();
  /// Throws std::invalid_argument unless max_workers > 0.
  explicit ThreadPoolExecutor(int max_workers);
  /// Throws std::invalid_argument for impossible options.
  explicit ThreadPoolExecutor(ThreadPoolOptions options);

  /// Begins nothing new; what runs goes on. shutdown() resumes.
  void suspend();
  /// Goes on after suspend().
  void resume();
};

}  // namespace procfarm
