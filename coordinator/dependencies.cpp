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

/// What is to be told to whom. The pointer keeps the task's options, with their `after`, until it
/// was told.
struct Decision {
  std::shared_ptr<const Decided> decided;
  std::optional<ErrorRecord> failed;
};

/// One decision settles a task and so leads to the next, for thousands of them in a chain: those of
/// a thread are made one after the other. Without a thread_local object, for such are destroyed
/// before static ones, which may settle tasks too.
void make(Decision decision) {
  thread_local std::deque<Decision>* open = nullptr;
  if (open != nullptr) return open->push_back(std::move(decision));
  std::deque<Decision> mine;
  mine.push_back(std::move(decision));
  open = &mine;
  const std::unique_ptr<std::deque<Decision>*, void (*)(std::deque<Decision>**)> closing(
      &open, [](std::deque<Decision>** each) { *each = nullptr; });
  for (; !mine.empty(); mine.pop_front()) {
    Decision& next = mine.front();
    (*next.decided)(std::move(next.failed));
  }
}

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

class Countdown : public detail::Watcher, public std::enable_shared_from_this<Countdown> {
 public:
  Countdown(const SharedOptions& options, Decided decided)
      : hold_(options), open_(options.after().size()), decided_(std::move(decided)) {}

  void settled(FutureState& state) override {
    if (!has_succeeded(state)) return decide(failure_of(state));
    if (open_.fetch_sub(1, std::memory_order_acq_rel) == 1) decide(std::nullopt);
  }

 private:
  void decide(std::optional<ErrorRecord> failed) {
    if (decided_already_.exchange(true)) return;
    make({{shared_from_this(), &decided_}, std::move(failed)});
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
    FutureAccess::state(future)->check_process();
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
