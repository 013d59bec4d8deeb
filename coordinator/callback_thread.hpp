// SPDX-License-Identifier: MIT
// callback_thread.hpp - the thread on which an executor's users hear of their futures, so that a
// slow callback delays no dispatch. Started when the first callback is due.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "future_state.hpp"

namespace procfarm {

/// Any thread.
class CallbackThread {
 public:
  CallbackThread() = default;
  CallbackThread(const CallbackThread&) = delete;
  CallbackThread& operator=(const CallbackThread&) = delete;
  ~CallbackThread();

  /// Starts the thread now, so that deliver() cannot fail for want of one. Throws
  /// std::system_error.
  void start();
  /// Takes one reference; the state's callbacks will run, in order. Must not wait.
  void deliver(detail::FutureState& state);
  /// While one lives the thread is not woken: what is delivered meanwhile reaches it as one piece.
  class Together {
   public:
    explicit Together(CallbackThread& thread);
    ~Together();
    Together(const Together&) = delete;
    Together& operator=(const Together&) = delete;

   private:
    CallbackThread& thread_;
  };

  /// Returns when all that was delivered has run; nothing may be delivered any more. Any number of
  /// threads may wait here, but not this one.
  void finish();
  /// Is the caller one of the callbacks?
  bool is_current() const;

 private:
  /// What the thread works with; outlives it and us, because the last callback may destroy us.
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<detail::FutureState*> due{};
    bool waiting = false;  // nobody has woken it yet
    int together = 0;      // how many hold it back
    bool finishing = false;
    std::thread::id thread{};
  };
  static void run(Shared& shared);
  bool must_wake();
  void start_locked();

  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::mutex join_mutex_;
  std::thread thread_;  // joined under join_mutex_
};

}  // namespace procfarm
