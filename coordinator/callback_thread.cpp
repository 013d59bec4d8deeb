// SPDX-License-Identifier: MIT
// callback_thread.cpp - see callback_thread.hpp.
#include "callback_thread.hpp"

#include <utility>

#include <procfarm/wire/signals_blocked.hpp>

namespace procfarm {

CallbackThread::~CallbackThread() {
  if (is_current()) {
    std::lock_guard lock(shared_->mutex);
    shared_->finishing = true;
    thread_.detach();  // the last callback destroyed its executor: the thread ends by itself
  } else {
    finish();
  }
}

void CallbackThread::start() {
  std::lock_guard lock(shared_->mutex);
  start_locked();
}

void CallbackThread::start_locked() {
  if (shared_->thread != std::thread::id()) return;
  // The program's signals are for the program's threads.
  const wire::AllSignalsBlocked blocked;
  thread_ = std::thread([shared = shared_] { run(*shared); });
  shared_->thread = thread_.get_id();
}

void CallbackThread::deliver(detail::FutureState& state) {
  std::lock_guard lock(shared_->mutex);
  shared_->due.push_back(&state);
  start_locked();
  if (must_wake()) shared_->changed.notify_one();
}

/// Under the lock.
bool CallbackThread::must_wake() {
  if (shared_->due.empty() || shared_->together > 0) return false;
  return std::exchange(shared_->waiting, false);
}

CallbackThread::Together::Together(CallbackThread& thread) : thread_(thread) {
  std::lock_guard lock(thread_.shared_->mutex);
  ++thread_.shared_->together;
}

CallbackThread::Together::~Together() {
  std::unique_lock lock(thread_.shared_->mutex);
  --thread_.shared_->together;
  const bool wake = thread_.must_wake();
  lock.unlock();  // it would wait for it at once
  if (wake) thread_.shared_->changed.notify_one();
}

void CallbackThread::finish() {
  std::lock_guard joining(join_mutex_);
  {
    std::lock_guard lock(shared_->mutex);
    shared_->finishing = true;
    shared_->changed.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

bool CallbackThread::is_current() const {
  std::lock_guard lock(shared_->mutex);
  return shared_->thread == std::this_thread::get_id();
}

void CallbackThread::run(Shared& shared) {
  std::vector<detail::FutureState*> taken;
  std::unique_lock lock(shared.mutex);
  for (;;) {
    while (shared.due.empty() && !shared.finishing) {
      shared.waiting = true;
      shared.changed.wait(lock);
    }
    if (shared.due.empty()) return;
    taken.swap(shared.due);
    lock.unlock();
    for (detail::FutureState* const state : taken) {
      state->deliver_callbacks();
      detail::release(state);
    }
    taken.clear();
    lock.lock();
  }
}

}  // namespace procfarm
