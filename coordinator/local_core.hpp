// SPDX-License-Identifier: MIT
// local_core.hpp - what stands behind an executor within this process, and how one attempt of a
// task is made and settled, whichever thread does it.
#pragma once

#include <exception>
#include <memory>
#include <vector>

#include <procfarm/local_job.hpp>
#include <procfarm/options.hpp>
#include <procfarm/task_info.hpp>
#include <procfarm/wire/task_context.hpp>

#include "error_record.hpp"
#include "future_state.hpp"
#include "shared_options.hpp"

namespace procfarm {

/// Any thread.
class LocalCore : public TaskHost {
 public:
  /// See detail::submit_job.
  virtual detail::FutureState* submit(const SharedOptions& options,
                                      std::unique_ptr<detail::LocalJob> job) = 0;
  virtual void shutdown(ShutdownOptions options) = 0;
  /// As in an executor's destructor, which does not throw.
  virtual void end(bool cancel_futures) noexcept = 0;
  virtual std::vector<WorkerInfo> workers() const = 0;
  virtual PoolStats stats() const = 0;
};

/// What became of one attempt.
struct LocalAttempt {
  detail::LocalValue value{};
  std::exception_ptr error{};  // null on success
  detail::AttemptFigures figures{};
};

/// Calls the job in this thread, which this_task knows as `task` meanwhile.
LocalAttempt run_attempt(detail::LocalJob& job, wire::LocalTask& task, bool last) noexcept;

/// Does the policy give a further attempt after this error in attempt `number`?
bool may_repeat(const RetryPolicy& policy, const std::exception_ptr& error, int number);
/// How long to wait after attempt `number`.
Duration repeat_delay(const RetryPolicy& policy, int number);

/// These write the outcome, wake who waits and tell who watches, unless the task is settled
/// already. No lock is held. The host must live.
void settle_attempt(detail::FutureState& state, LocalAttempt attempt);
void settle_error(detail::FutureState& state, ErrorRecord error);
void settle_cancelled(detail::FutureState& state);

/// Throws std::invalid_argument if the options ask for more than the job can do.
void check_job(const SharedOptions& options, const detail::LocalJob& job);

}  // namespace procfarm
