// SPDX-License-Identifier: MIT
// shared_options.cpp - refuses options that no task can have, before there is a task.
#include "shared_options.hpp"

#include <stdexcept>

namespace procfarm {
namespace {

void require(bool good, const char* text) {
  if (!good) throw std::invalid_argument(text);
}

}  // namespace

TaskOptions checked(TaskOptions options) {
  const RetryPolicy& retry = options.retry;
  require(!options.timeout || *options.timeout > Duration::zero(),
          "timeout must be greater than 0");
  require(options.grace >= Duration::zero(), "grace must not be negative");
  require(retry.max_attempts > 0, "retry.max_attempts must be greater than 0");
  require(retry.delay >= Duration::zero(), "retry.delay must not be negative");
  require(retry.max_delay >= Duration::zero(), "retry.max_delay must not be negative");
  require(retry.backoff >= 0, "retry.backoff must not be negative");
  return options;
}

}  // namespace procfarm
