// SPDX-License-Identifier: MIT
// serial_core.cpp - see serial_core.hpp.
#include "serial_core.hpp"

#include <optional>
#include <thread>
#include <utility>

#include "dependencies.hpp"
#include "task_text.hpp"

namespace procfarm {

using detail::FutureState;

FutureState* SerialCore::submit(const SharedOptions& options,
                                std::unique_ptr<detail::LocalJob> job) {
  check_all(options.after());
  check_job(options, *job);
  if (closed_) throw ShutdownError();
  AnyFuture future(new FutureState(next_task_++, *this, options));
  FutureState* const state = FutureAccess::state(future);
  state->submitted = steady_now();
  if (std::optional<ErrorRecord> failed = wait_all(options.after())) {
    job.reset();
    ++failed_;
    settle_error(*state, *std::move(failed));
  } else {
    run(*state, std::move(job));
  }
  detail::retain(state);
  return state;
}

void SerialCore::run(FutureState& state, std::unique_ptr<detail::LocalJob> job) {
  const RetryPolicy& retry = state.options->task.retry;
  ++running_;
  LocalAttempt attempt;
  for (int number = 1;; ++number) {
    wire::LocalTask task(state.id, number);
    attempt = run_attempt(*job, task, number >= retry.max_attempts);
    state.annex().attempt = static_cast<std::uint16_t>(number);
    if (!may_repeat(retry, attempt.error, number)) break;
    std::this_thread::sleep_for(repeat_delay(retry, number));
  }
  job.reset();
  --running_;
  ++(attempt.error == nullptr ? done_ : failed_);
  settle_attempt(state, std::move(attempt));
}

void SerialCore::shutdown(ShutdownOptions) { closed_ = true; }

void SerialCore::end(bool) noexcept { closed_ = true; }

PoolStats SerialCore::stats() const {
  PoolStats stats;
  stats.running = running_;
  stats.done = done_;
  stats.failed = failed_;
  return stats;
}

std::stop_source SerialCore::cancel_running(FutureState&) {
  return std::stop_source(std::nostopstate);
}

void SerialCore::run_callbacks(FutureState& state) {
  state.deliver_callbacks();
  detail::release(&state);
}

}  // namespace procfarm
