// SPDX-License-Identifier: MIT
// signals_blocked.hpp - for the threads that a worker has besides its main thread.
#pragma once

#include <signal.h>

namespace procfarm::serving {

/// As long as it lives no signal comes to this thread, nor ever to one that it starts: signals
/// belong to the main thread and to what the tasks start.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace procfarm::serving
