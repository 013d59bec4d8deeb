// SPDX-License-Identifier: MIT
// patience.hpp - the one deadline of all tests: how long a test waits for a condition, without
// sleeping for a guessed time, and how long a test case may take before it counts as hanging.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace support {

/// 60 s, or PROCFARM_PATIENCE seconds: for sanitizers, which are slow, and for debuggers.
std::chrono::seconds patience();

/// Looks at `condition` again and again until it holds. False if it does not within two thirds of
/// the patience: soon enough for the test to say itself what it waited for.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + patience() * 2 / 3;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

/// Watches one test case after the other: one that outlasts its limit has its stacks printed, those
/// of its workers too, and the process is aborted. One thread at a time.
class HangGuard {
 public:
  HangGuard();

  /// Starts the clock for test case `name`: `limit`, at least four times the patience. A machine
  /// that is busy with other things may well be ten times slower than usual.
  void start(std::string name, std::chrono::seconds limit);
  void stop();

 private:
  using Clock = std::chrono::steady_clock;

  void watch(std::stop_token stop);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string name_;
  Clock::time_point deadline_ = Clock::time_point::max();
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace support
