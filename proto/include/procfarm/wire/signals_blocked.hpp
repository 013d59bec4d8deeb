// SPDX-License-Identifier: MIT
// signals_blocked.hpp - for threads and processes that signals are not meant for.
#pragma once

#include <signal.h>

namespace procfarm::wire {

/// As long as it lives no signal comes to this thread. A thread that it starts meanwhile never gets
/// one; a process that it forks gets none before it has made its own settings.
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
  sigset_t before_{};
};

}  // namespace procfarm::wire
