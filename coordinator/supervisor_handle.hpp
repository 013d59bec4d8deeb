// SPDX-License-Identifier: MIT
// supervisor_handle.hpp - the coordinator's end of a supervisor: starts it, gives it orders, takes
// its reports. Knows nothing of tasks or of what the reports mean.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <procfarm/wire/control.hpp>
#include <procfarm/wire/unique_fd.hpp>

namespace procfarm {

/// What SupervisorHandle::spawn() passes on; the descriptors are borrowed for the call.
struct SpawnOrder {
  wire::SeatLife life;
  std::string token;  // 16 bytes
  int page_fd = -1;
  int arena_fd = -1;
  int stop_fd = -1;
  int line_fd = -1;
  int bell_fd = -1;
  int blocks_fd = -1;  // -1: there are none
  int stdout_fd = -1;  // -1: inherited
  int stderr_fd = -1;
};

/// Owns the supervisor's process. Orders never block: what does not fit into the socket is kept and
/// sent with a later call. One thread at a time.
class SupervisorHandle {
 public:
  /// Starts a supervisor as `config.start_method` says: forkserver and spawn execute `program`
  /// (empty: this program, even if its file has been replaced) with argv[0] kept, fork forks this
  /// process. `config.coordinator_pid` is set here. A `silent` one that is executed has no standard
  /// output of its own, nor have its workers unless they get one. Throws std::system_error.
  explicit SupervisorHandle(wire::SupervisorConfig config, const std::string& program = {},
                            bool silent = false);
  /// close_and_wait(2 s), unless that has been done.
  ~SupervisorHandle();
  SupervisorHandle(const SupervisorHandle&) = delete;
  SupervisorHandle& operator=(const SupervisorHandle&) = delete;

  void spawn(const SpawnOrder& order);
  void kill(wire::SeatLife life);
  void signal(wire::SeatLife life, int signal);
  void signal_all(int signal);
  void suspend();
  void resume();

  /// The next report, if one is there. Does not block.
  std::optional<wire::Report> receive();
  /// Readable when receive() or gone() has something to tell.
  int fd() const { return control_.get(); }
  /// receive() has met the end: the supervisor has left or is about to.
  bool gone() const { return gone_; }
  int pid() const { return pid_; }
  /// How many modules its workers know from the start: those that had been entered before it.
  std::uint32_t modules() const { return modules_; }
  /// Sends what an earlier call could not.
  void flush();
  /// If somebody has stopped it.
  void go_on();

  /// Closing the socket is the order to end everything. Does not wait for that.
  void close();
  /// close(), then waits for the supervisor's exit and kills it after `limit`. A host that reaps
  /// all children itself is tolerated. Again: does nothing.
  void close_and_wait(std::chrono::milliseconds limit);

 private:
  struct Unsent {
    wire::Order order;
    std::vector<wire::UniqueFd> fds;
  };

  void execute(const wire::SupervisorConfig& config, const std::string& program, bool silent,
               wire::UniqueFd theirs);
  void fork(const wire::SupervisorConfig& config, wire::UniqueFd theirs);
  void send(const wire::Order& order);

  wire::UniqueFd control_;
  pid_t pid_ = 0;
  pid_t owner_ = 0;  // a forked copy of this object ends nothing
  wire::UniqueFd pidfd_;
  std::uint32_t modules_ = 0;
  bool gone_ = false;
  std::deque<Unsent> unsent_;
};

}  // namespace procfarm
