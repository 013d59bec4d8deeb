// SPDX-License-Identifier: MIT
// dependencies.cpp - one counter behind all of a task's dependencies.
#include "dependencies.hpp"

#include <atomic>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include <procfarm/errors.hpp>

#include "future_state.hpp"
#include "task_text.hpp"

namespace procfarm {
namespace {

using detail::FutureState;

class Countdown : public detail::Watcher {
 public:
  Countdown(std::size_t count, std::function<void(std::optional<ErrorRecord>)> decided)
      : open_(count), decided_(std::move(decided)) {}

  void settled(FutureState& state) override {
    const bool good = state.outcome == detail::OutcomeKind::value ||
                      state.outcome == detail::OutcomeKind::local_value;
    if (!good) return decide(failure_of(state));
    if (open_.fetch_sub(1, std::memory_order_acq_rel) == 1) decide(std::nullopt);
  }

 private:
  void decide(std::optional<ErrorRecord> failed) {
    if (!decided_already_.exchange(true)) decided_(std::move(failed));
  }

  static ErrorRecord failure_of(FutureState& state) {
    ErrorRecord record{.kind = ErrorRecord::Kind::dependency};
    detail::retain(&state);
    try {
      record.cause = AnyFuture(&state).exception();
      std::rethrow_exception(record.cause);
    } catch (const CancelledError&) {
      record.cause = std::current_exception();
      record.text = task_text(state) + ", which it depends on, was cancelled";
    } catch (const std::exception& error) {
      record.text =
          fmt::format("{}, which it depends on, failed: {}", task_text(state), error.what());
    } catch (...) {
      record.text = task_text(state) + ", which it depends on, failed";
    }
    return record;
  }

  std::atomic<std::size_t> open_;
  std::atomic<bool> decided_already_{false};
  const std::function<void(std::optional<ErrorRecord>)> decided_;
};

}  // namespace

void check_all(const std::vector<AnyFuture>& futures) {
  for (const AnyFuture& future : futures) {
    if (!future.valid()) throw InvalidStateError("a future in `after` belongs to no task");
  }
}

void watch_all(const std::vector<AnyFuture>& futures,
               std::function<void(std::optional<ErrorRecord>)> decided) {
  const auto countdown = std::make_shared<Countdown>(futures.size(), std::move(decided));
  for (const AnyFuture& future : futures) {
    FutureState* state = FutureAccess::state(future);
    if (!state->watch(countdown)) countdown->settled(*state);
  }
}

}  // namespace procfarm
