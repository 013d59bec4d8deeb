// SPDX-License-Identifier: MIT
// dependencies.cpp - one counter behind all of a task's dependencies.
#include "dependencies.hpp"

#include <atomic>
#include <deque>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include <procfarm/errors.hpp>

#include "future_state.hpp"
#include "shared_options.hpp"
#include "task_text.hpp"

namespace procfarm {
namespace {

using detail::FutureState;

using Decided = std::function<void(std::optional<ErrorRecord>)>;

/// Of this thread. One decision settles a task and so leads to the next, for thousands of them in a
/// chain: they are made one after the other.
class Decisions {
 public:
  static void make(const Decided& decided, std::optional<ErrorRecord> failed) {
    thread_local Decisions mine;
    mine.open_.push_back({decided, std::move(failed)});
    if (mine.open_.size() > 1) return;
    for (; !mine.open_.empty(); mine.open_.pop_front()) {
      auto& [next, its] = mine.open_.front();
      next(std::move(its));
    }
  }

 private:
  std::deque<std::pair<Decided, std::optional<ErrorRecord>>> open_{};
};

ErrorRecord failure_of(FutureState& state) {
  ErrorRecord record{.kind = ErrorRecord::Kind::dependency};
  // What stopped that one stops this one: a reason for each link would make a chain's text long.
  if (state.outcome == detail::OutcomeKind::error) {
    const ErrorRecord& its = state.extension().error;
    if (its.kind == record.kind) {
      record.text = its.text;
      record.cause = its.cause;
      return record;
    }
  }
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

bool has_succeeded(const FutureState& state) {
  return state.outcome == detail::OutcomeKind::value ||
         state.outcome == detail::OutcomeKind::local_value;
}

class Countdown : public detail::Watcher {
 public:
  Countdown(const SharedOptions& options, Decided decided)
      : hold_(options), open_(options.after().size()), decided_(std::move(decided)) {}

  void settled(FutureState& state) override {
    if (!has_succeeded(state)) return decide(failure_of(state));
    if (open_.fetch_sub(1, std::memory_order_acq_rel) == 1) decide(std::nullopt);
  }

 private:
  void decide(std::optional<ErrorRecord> failed) {
    if (!decided_already_.exchange(true)) Decisions::make(decided_, std::move(failed));
  }

  const AfterHold hold_;
  std::atomic<std::size_t> open_;
  std::atomic<bool> decided_already_{false};
  const Decided decided_;
};

}  // namespace

void check_all(const std::vector<AnyFuture>& futures) {
  for (const AnyFuture& future : futures) {
    if (!future.valid()) throw InvalidStateError("a future in `after` belongs to no task");
  }
}

std::optional<ErrorRecord> wait_all(const std::vector<AnyFuture>& futures) {
  for (const AnyFuture& future : futures) FutureAccess::state(future)->wait(std::nullopt);
  for (const AnyFuture& future : futures) {
    FutureState& state = *FutureAccess::state(future);
    if (!has_succeeded(state)) return failure_of(state);
  }
  return std::nullopt;
}

void watch_all(const SharedOptions& options, Decided decided) {
  const auto countdown = std::make_shared<Countdown>(options, std::move(decided));
  for (const AnyFuture& future : options.after()) {
    FutureState* state = FutureAccess::state(future);
    if (!state->watch(countdown)) countdown->settled(*state);
  }
}

}  // namespace procfarm
