// SPDX-License-Identifier: MIT
// local_core.cpp - one attempt, from the call to the outcome in its future.
#include "local_core.hpp"

#include <time.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "backoff.hpp"
#include "task_text.hpp"

namespace procfarm {
namespace {

using detail::FutureState;
using detail::OutcomeKind;
using detail::Phase;

std::int64_t thread_cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

void finish(FutureState& state, Phase phase) {
  if (state.finish(phase)) state.announce();
}

}  // namespace

LocalAttempt run_attempt(detail::LocalJob& job, wire::LocalTask& task, bool last) noexcept {
  LocalAttempt attempt;
  const wire::LocalTaskScope scope(task);
  attempt.figures.started = steady_now();
  const std::int64_t cpu = thread_cpu_time();
  try {
    attempt.value = job.call(last);
  } catch (...) {
    attempt.error = std::current_exception();
  }
  attempt.figures.took = steady_now() - attempt.figures.started;
  attempt.figures.cpu = thread_cpu_time() - cpu;
  return attempt;
}

bool may_repeat(const RetryPolicy& policy, const std::exception_ptr& error, int number) {
  if (error == nullptr || number >= policy.max_attempts) return false;
  if ((policy.on & RetryOn::exception) == RetryOn{}) return false;
  try {
    std::rethrow_exception(error);
  } catch (const SerializationError&) {
    return false;
  } catch (...) {
    return true;
  }
}

Duration repeat_delay(const RetryPolicy& policy, int number) {
  return grown(policy.delay, policy.backoff, number - 1, policy.max_delay);
}

void settle_attempt(FutureState& state, LocalAttempt attempt) {
  if (!state.claim()) return;
  state.annex().figures = attempt.figures;
  state.annex().pid = ::getpid();
  if (attempt.error != nullptr) {
    state.outcome = OutcomeKind::error;
    state.extension().error = {.kind = ErrorRecord::Kind::thrown,
                               .task = task_ref(state),
                               .cause = std::move(attempt.error)};
  } else if (attempt.value.object != nullptr) {
    state.outcome = OutcomeKind::local_value;
    state.extension().local_value = std::move(attempt.value.object);
  } else {
    state.outcome = OutcomeKind::value;
    state.payload = Payload(attempt.value.bytes);
  }
  finish(state, Phase::finished);
}

void settle_error(FutureState& state, ErrorRecord error) {
  if (!state.claim()) return;
  error.task = task_ref(state);
  state.outcome = OutcomeKind::error;
  state.extension().error = std::move(error);
  finish(state, Phase::finished);
}

void settle_cancelled(FutureState& state) {
  if (state.claim()) finish(state, Phase::cancelled);
}

void check_job(const SharedOptions& options, const detail::LocalJob& job) {
  if (options.task.retry.max_attempts == 1 || job.repeatable()) return;
  throw std::invalid_argument(
      "retry.max_attempts > 1 needs a callable and arguments that can be copied: each attempt but "
      "the last works with copies");
}

}  // namespace procfarm
