// SPDX-License-Identifier: MIT
// thread_pool_worker.cpp - the threads of a thread pool: from one task to the next, and the end.
#include "thread_pool_core.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include <procfarm/wire/failure.hpp>

#include "task_text.hpp"

namespace procfarm {

using detail::FutureState;
using detail::WaitScope;

ThreadPoolCore::Serving& ThreadPoolCore::serving() noexcept {
  constinit thread_local Serving here;
  return here;
}

bool ThreadPoolCore::start_worker() {
  auto worker = std::make_unique<Worker>();
  try {
    worker->thread =
        std::thread([core = shared_from_this(), self = worker.get()] { core->serve(*self); });
  } catch (const std::system_error&) {
    if (workers_.empty()) throw;
    return false;  // those that there are will do it
  }
  if (workers_.empty()) LivePools::enter(shared_from_this());
  workers_.push_back(std::move(worker));
  ++idle_;
  ++live_;
  return true;
}

void ThreadPoolCore::wake() {
  if (suspended_ || busy_ >= max_workers_) return;
  const std::uint64_t could_begin = ready_.size() + (timers_.empty() ? 0 : 1);
  if (std::min(could_begin, max_workers_ - busy_) > idle_ && start_worker()) return;
  if (!ready_.empty()) work_.notify_one();
}

void ThreadPoolCore::serve(Worker& self) {
  serving() = {this, &self};
  initialize();
  Lock lock(mutex_);
  for (;;) {
    release_due();
    if (may_begin()) {
      begin_first(lock, self);
    } else if (ended()) {
      return leave(std::move(lock));
    } else if (timers_.empty()) {
      work_.wait(lock);
    } else {
      const auto until = timers_.begin()->first;  // it may go while this waits
      work_.wait_until(lock, until);
    }
  }
}

void ThreadPoolCore::initialize() {
  if (!options_.initializer) return;
  std::exception_ptr cause;
  try {
    return options_.initializer();
  } catch (...) {
    cause = std::current_exception();
  }
  const ErrorRecord why{.kind = ErrorRecord::Kind::broken,
                        .text = "the initializer failed on a thread: " + wire::summary(cause),
                        .cause = cause};
  Lock lock(mutex_);
  if (!broken_) broken_ = why;
  settle_unbegun(lock, take_all_unbegun(), why);
}

void ThreadPoolCore::release_due() {
  while (!timers_.empty() && timers_.begin()->first <= Clock::now()) {
    const std::uint64_t id = timers_.begin()->second;
    timers_.erase(timers_.begin());
    if (auto node = waiting_.extract(id)) make_ready(std::move(node.mapped()));
  }
}

void ThreadPoolCore::begin_first(Lock& lock, Worker& self) {
  Task task = std::move(ready_.extract(ready_.begin()).mapped());
  --idle_;
  ++busy_;
  if (!timers_.empty()) wake();
  run(lock, self, std::move(task));
}

void ThreadPoolCore::run(Lock& lock, Worker& self, Task task) {
  FutureState& state = task.state();
  const int number = state.attempt() + 1;
  const RetryPolicy& retry = state.options->task.retry;
  LocalAttempt attempt;
  Running running(state, number);
  running.cancel_asked = task.cancel_asked;
  if (!task.cancel_asked) {
    running.started = steady_now();
    running.outer = std::exchange(self.innermost, &running);
    ++self.depth;
    running_.emplace(state.id, &running);
    room_.notify_all();
    lock.unlock();
    TaskHost* const host = std::exchange(WaitScope::served(), this);
    attempt = run_attempt(*task.job, running.context, number >= retry.max_attempts);
    WaitScope::served() = host;
    if (!may_repeat(retry, attempt.error, number)) task.job.reset();
    lock.lock();
    running_.erase(state.id);
    --self.depth;
    self.innermost = running.outer;
    ++self.tasks_done;
    state.annex().attempt = static_cast<std::uint16_t>(number);
  }
  if (self.innermost == nullptr) {
    --busy_;
    ++idle_;
  }
  conclude(lock, std::move(task), std::move(attempt), running.cancel_asked);
}

void ThreadPoolCore::conclude(Lock& lock, Task task, LocalAttempt attempt, bool cancelled) {
  FutureState& state = task.state();
  if (task.job != nullptr && !cancelled && !broken_ && !draining_) {
    const Duration delay = repeat_delay(state.options->task.retry, state.attempt());
    if (delay > Duration::zero()) {
      timers_.emplace(detail::from_now(delay), state.id);
      waiting_.emplace(state.id, std::move(task));
      work_.notify_all();  // there may be an earlier time to wait for
      wake();
    } else {
      make_ready(std::move(task));
    }
    lock.unlock();
    attempt = {};
    return lock.lock();
  }
  --unsettled_;
  ++(cancelled ? cancelled_ : attempt.error == nullptr ? done_ : failed_);
  lock.unlock();
  task.job.reset();
  if (cancelled) {
    attempt = {};
    settle_cancelled(state);
  } else {
    settle_attempt(state, std::move(attempt));
  }
  task = {};
  lock.lock();
  if (ended()) work_.notify_all();
}

void ThreadPoolCore::leave(Lock lock) {
  if (--live_ > 0) return;
  lock.unlock();
  detail::StateLocks::barrier();
  LivePools::leave(*this);
  lock.lock();
  gone_ = true;
  left_.notify_all();
}

}  // namespace procfarm
