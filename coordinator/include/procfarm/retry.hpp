// SPDX-License-Identifier: MIT
// retry.hpp - when a task gets a further attempt.
#pragma once

#include <chrono>

#include <procfarm/duration.hpp>

namespace procfarm {

/// What counts as a reason for a further attempt; combined with |.
enum class RetryOn : unsigned { exception = 1, timeout = 2, worker_lost = 4, any = 7 };
constexpr RetryOn operator|(RetryOn a, RetryOn b) {
  return static_cast<RetryOn>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr RetryOn operator&(RetryOn a, RetryOn b) {
  return static_cast<RetryOn>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}

/// Attempts are numbered from 1; before attempt n+1 the task waits delay * backoff^(n-1), at most
/// max_delay.
struct RetryPolicy {
  int max_attempts = 1;                           // the first one included
  Duration delay{};                               // before the second attempt
  double backoff = 2.0;                           // by which each further delay is longer
  Duration max_delay = std::chrono::seconds{60};  // no delay is longer
  RetryOn on = RetryOn::any;                      // other failures end the task at once
};

}  // namespace procfarm
