// SPDX-License-Identifier: MIT
// thread_pool_wait.cpp - a task that waits for futures of its own pool. It never waits for ever for
// want of a thread:
// - what it waits for and has not begun, it runs itself (to some depth, so that stacks suffice);
// - else it does not count as busy meanwhile, so another thread may take its place;
// - where tasks wait for each other in a circle, the one that would close it is refused.
#include "thread_pool_core.hpp"

#include <unordered_set>
#include <utility>

#include <procfarm/errors.hpp>

#include "task_text.hpp"

namespace procfarm {

using detail::FutureState;

namespace {
constexpr int deepest = 64;
}

void ThreadPoolCore::begin_wait(std::span<FutureState* const> states, bool for_all) {
  check_process();
  Worker& self = *serving().worker;
  Running& attempt = *self.innermost;
  Lock lock(mutex_);
  if (for_all) {
    attempt.awaited.assign(states.begin(), states.end());
    if (leads_back(attempt)) {
      attempt.awaited.clear();
      throw InvalidStateError(task_text(attempt.state) +
                              " waits for a task of its executor that waits for it");
    }
    if (states.size() == 1) run_awaited(lock, self, *states.front());
    if (states.size() == 1 && states.front()->done()) return;
  }
  block(attempt);
}

void ThreadPoolCore::end_wait() {
  Running& attempt = *serving().worker->innermost;
  std::lock_guard lock(mutex_);
  unblock(attempt);
  attempt.awaited.clear();
}

void ThreadPoolCore::run_awaited(Lock& lock, Worker& self, FutureState& state) {
  while (!suspended_ && self.depth < deepest) {
    auto ready = ready_.extract(Turn{state.options->task.priority, state.id});
    if (ready.empty()) return;
    run(lock, self, std::move(ready.mapped()));
  }
}

bool ThreadPoolCore::leads_back(const Running& from) const {
  std::vector<const FutureState*> open(from.awaited.begin(), from.awaited.end());
  std::unordered_set<const FutureState*> seen;
  while (!open.empty()) {
    const FutureState* const state = open.back();
    open.pop_back();
    if (state == &from.state) return true;
    if (!state->is_of(*this) || state->done() || !seen.insert(state).second) continue;
    if (const auto found = running_.find(state->id); found != running_.end()) {
      const auto& awaited = found->second->awaited;
      open.insert(open.end(), awaited.begin(), awaited.end());
    } else if (state->attempt() == 0 &&
               waiting_.contains(state->id)) {  // else for its next attempt
      for (const AnyFuture& each : state->options->after()) {
        open.push_back(FutureAccess::state(each));
      }
    }
  }
  return false;
}

void ThreadPoolCore::block(Running& attempt) {
  --busy_;
  wake();
  // Whatever can be begun later needs somebody who begins it.
  if (busy_ == 0 && idle_ == 0 && !start_worker()) {
    ++busy_;
    attempt.awaited.clear();
    throw InvalidStateError(task_text(attempt.state) +
                            " waits for its own executor, and no more threads can be started");
  }
  attempt.blocked = true;
}

void ThreadPoolCore::unblock(Running& attempt) {
  if (std::exchange(attempt.blocked, false)) ++busy_;
}

}  // namespace procfarm
