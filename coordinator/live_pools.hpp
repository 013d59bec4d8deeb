// SPDX-License-Identifier: MIT
// live_pools.hpp - the executors that still have threads, so that a program that ends without
// shutdown lets accepted work finish.
#pragma once

#include <memory>

namespace procfarm {

/// What stands behind an executor.
class LivePool {
 public:
  virtual ~LivePool() = default;
  /// Called at the exit of the program: shuts down and waits, where this thread can wait.
  virtual void end_with_program() = 0;
};

class LivePools {
 public:
  /// Keeps it until leave(). Any thread.
  static void enter(std::shared_ptr<LivePool> pool);
  static void leave(const LivePool& pool);
};

}  // namespace procfarm
