// SPDX-License-Identifier: MIT
// wait.cpp - one watcher registered with many futures; it only notes which of them are done.
#include <procfarm/wait.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include <fmt/core.h>

#include <procfarm/errors.hpp>

#include "future_state.hpp"

namespace procfarm::detail {
namespace {

using Clock = std::chrono::steady_clock;

FutureState* state_of(const AnyFuture& future) {
  if (!future.valid()) throw InvalidStateError("one of these futures belongs to no task");
  return FutureAccess::state(future);
}

// Remembers the order in which the watched states were settled.
class SettledList : public Watcher {
 public:
  void settled(FutureState& state) override {
    std::lock_guard lock(mutex_);
    settled_.push_back(&state);
    changed_.notify_all();
  }

  /// The next one; nullptr when `deadline` has passed.
  FutureState* next(std::optional<Clock::time_point> deadline) {
    std::unique_lock lock(mutex_);
    const auto some = [this] { return !settled_.empty(); };
    if (!deadline) {
      changed_.wait(lock, some);
    } else if (!changed_.wait_until(lock, *deadline, some)) {
      return nullptr;
    }
    FutureState* state = settled_.front();
    settled_.pop_front();
    return state;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<FutureState*> settled_;
};

std::optional<Clock::time_point> deadline_after(std::optional<Duration> timeout) {
  if (!timeout || *timeout > std::chrono::hours(24 * 365)) return std::nullopt;
  return Clock::now() + *timeout;
}

bool has_failed(const FutureState& state) {
  return state.phase() == Phase::finished &&
         (state.outcome == OutcomeKind::failure || state.outcome == OutcomeKind::error);
}

}  // namespace

struct CompletionQueue::State {
  std::shared_ptr<SettledList> list = std::make_shared<SettledList>();
  std::unordered_map<FutureState*, std::size_t> waiting{};  // not handed out yet
  std::vector<AnyFuture> held{};
  std::vector<FutureState*> states{};  // all of `held`
  std::size_t total = 0;
  std::optional<Clock::time_point> deadline{};

  ~State() {
    for (const auto& [state, index] : waiting) state->unwatch(list.get());
  }
};

CompletionQueue::CompletionQueue(const std::vector<AnyFuture>& futures,
                                 std::optional<Duration> timeout)
    : state_(std::make_unique<State>()) {
  state_->deadline = deadline_after(timeout);
  for (std::size_t i = 0; i < futures.size(); ++i) {
    FutureState* state = state_of(futures[i]);
    if (!state_->waiting.emplace(state, i).second) continue;
    state_->held.push_back(futures[i]);
    state_->states.push_back(state);
    if (!state->watch(state_->list)) state_->list->settled(*state);
  }
  state_->total = state_->waiting.size();
}

CompletionQueue::CompletionQueue(CompletionQueue&&) noexcept = default;
CompletionQueue& CompletionQueue::operator=(CompletionQueue&&) noexcept = default;
CompletionQueue::~CompletionQueue() = default;

std::optional<std::size_t> CompletionQueue::next() {
  if (state_->waiting.empty()) return std::nullopt;
  FutureState* state = state_->list->next(Clock::time_point::min());
  if (state == nullptr) {
    const bool last = state_->waiting.size() == 1;
    FutureState* const open = state_->waiting.begin()->first;
    const WaitScope waiting(last ? std::span(&open, 1) : std::span(state_->states),
                            last && !state_->deadline);
    state = state_->list->next(state_->deadline);
  }
  if (state == nullptr) {
    throw TimeoutError(
        fmt::format("{} (of {}) futures unfinished", state_->waiting.size(), state_->total));
  }
  const auto found = state_->waiting.find(state);
  const std::size_t index = found->second;
  state_->waiting.erase(found);
  return index;
}

std::vector<WaitedFuture> wait_for(const std::vector<AnyFuture>& futures,
                                   std::optional<Duration> timeout, ReturnWhen until) {
  const auto deadline = deadline_after(timeout);
  const auto list = std::make_shared<SettledList>();
  std::vector<WaitedFuture> result;
  std::vector<FutureState*> states;
  std::unordered_set<FutureState*> seen;
  for (std::size_t i = 0; i < futures.size(); ++i) {
    FutureState* state = state_of(futures[i]);
    if (!seen.insert(state).second) continue;
    result.push_back({i, false});
    states.push_back(state);
    if (!state->watch(list)) list->settled(*state);
  }
  // The list names each state once: those that were done before, then the others as they finish.
  std::size_t open = result.size();
  const WaitScope waiting(states, !deadline && (open == 1 || until == ReturnWhen::all_completed));
  const auto already_done = [&] { return list->next(Clock::time_point::min()); };
  bool satisfied = false;
  while (open > 0) {
    FutureState* state = satisfied ? already_done() : list->next(deadline);
    if (state == nullptr) break;
    --open;
    satisfied |= until == ReturnWhen::first_completed ||
                 (until == ReturnWhen::first_exception && has_failed(*state));
  }
  for (WaitedFuture& each : result) {
    FutureState* state = state_of(futures[each.index]);
    state->unwatch(list.get());
    each.done = state->done();
  }
  return result;
}

}  // namespace procfarm::detail
