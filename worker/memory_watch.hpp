// SPDX-License-Identifier: MIT
// memory_watch.hpp - ends this worker when it and what it has started grow over a limit: a function
// cannot be ended otherwise. The exit code tells why; what it has started, the supervisor ends.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <thread>

namespace procfarm::serving {

/// While it lives, resident memory is looked at every 50 ms. One thread at a time.
class MemoryWatch {
 public:
  /// `limit` in bytes. Throws std::system_error if no thread can be started.
  explicit MemoryWatch(std::uint64_t limit);
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

 private:
  void watch(const std::stop_token& stop);

  const std::uint64_t limit_;
  std::mutex mutex_;  // guards nothing: the wait wants one
  std::condition_variable_any stopped_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace procfarm::serving
