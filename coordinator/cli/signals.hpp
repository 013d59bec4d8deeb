// SPDX-License-Identifier: MIT
// signals.hpp - the signals that the tool answers, as events of its loop instead of handlers.
#pragma once

#include <csignal>
#include <vector>

namespace procfarm::cli {

/// While it lives the signals INT, TERM, HUP, USR1, USR2, TSTP and CONT arrive here, and PIPE is
/// ignored (a write says EPIPE). What was ignored before stays ignored: `nohup` and the `&` of a
/// script mean that. Built before any thread, so that all threads leave them alone.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Readable when take() has something.
  int fd() const { return fd_; }
  /// What has arrived, in order of number.
  std::vector<int> take();

 private:
  sigset_t before_{};
  struct sigaction pipe_before_ {};
  struct sigaction file_size_before_ {};
  int fd_ = -1;
};

/// Makes orphaned descendants our children, so that none of them outlives the tool unnoticed.
void become_subreaper();

}  // namespace procfarm::cli
