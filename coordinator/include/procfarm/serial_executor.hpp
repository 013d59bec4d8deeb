// SPDX-License-Identifier: MIT
// serial_executor.hpp - runs each call at its submit, in the caller's thread: to debug what another
// executor runs, with one type changed.
#pragma once

#include <procfarm/local_executor.hpp>

namespace procfarm {

/// The interface of an executor without its threads: submit() returns a future that is done, errors
/// stay in it. Retries follow at once after their delay; `after` is waited for; priorities mean
/// nothing.
class SerialExecutor : public LocalExecutor {
 public:
  SerialExecutor();
  /// For code over any executor. The number must be possible (std::invalid_argument) and has no
  /// effect.
  explicit SerialExecutor(int max_workers);
};

}  // namespace procfarm
