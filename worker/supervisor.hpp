// SPDX-License-Identifier: MIT
// supervisor.hpp - the parent of all workers of one executor: starts them, ends them, reports how
// they ended, and ends everything below it when the coordinator is gone. One thread and no ZeroMQ
// context, so it may fork at any time. It decides nothing: control.hpp lists what it is told.
#pragma once

#include <sys/types.h>

#include <deque>
#include <span>
#include <string>
#include <vector>

#include <procfarm/wire/control.hpp>

#include "worker_start.hpp"

namespace procfarm::serving {

/// One thread at a time, the only one of its process but for those of static objects.
class Supervisor {
 public:
  /// Opens what it watches. Throws std::system_error.
  Supervisor(wire::UniqueFd control, const wire::SupervisorConfig& config);

  /// Serves until the coordinator closes the socket or dies; then nothing is left below us.
  void run();

 private:
  struct WorkerProcess {
    wire::SeatLife life;
    pid_t pid = 0;
  };

  bool preload();
  bool wait_for_events();
  bool take_orders();
  void carry_out(const wire::Order& order, std::vector<wire::UniqueFd> fds);
  void spawn(const wire::Order& order, std::vector<wire::UniqueFd> fds);
  void signal_all(int signal);
  void reap();
  void kill_strays();
  void end_everything();
  void report(wire::Report report, const std::string& text = {});
  void send_reports();
  WorkerProcess* find(wire::SeatLife life);

  const wire::SupervisorConfig& config_;
  wire::UniqueFd control_;
  wire::UniqueFd coordinator_;    // pidfd
  wire::UniqueFd self_;           // pidfd, for the workers to watch
  wire::UniqueFd child_signals_;  // signalfd
  std::vector<WorkerProcess> workers_;
  std::deque<wire::Report> unsent_;
};

}  // namespace procfarm::serving
