// SPDX-License-Identifier: MIT
// worker_start.hpp - how a supervisor makes one worker: by fork, or by executing the program anew
// with the descriptors at known numbers. What the worker does then is worker.hpp.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include <procfarm/wire/control.hpp>
#include <procfarm/wire/unique_fd.hpp>

namespace procfarm::serving {

/// All that a worker is given.
struct WorkerSeat {
  wire::SeatLife life;
  std::string token;  // shown at first contact
  wire::SupervisorConfig farm;
  wire::UniqueFd page;
  wire::UniqueFd arena;
  wire::UniqueFd stop;         // eventfd that tells of a request to stop
  wire::UniqueFd line;         // listens, for the coordinator alone
  wire::UniqueFd bell;         // eventfd that wakes the coordinator
  wire::UniqueFd blocks;       // the memory for arguments; -1: there is none
  wire::UniqueFd supervisor;   // pidfd
  wire::UniqueFd coordinator;  // pidfd
};

/// Where a worker's output goes; -1: where ours goes.
struct CapturedOutput {
  int out = -1;
  int err = -1;
};

/// Forks. In the parent: the pid. In the child: 0, a clean process that holds none of `ours` any
/// more. Throws std::system_error. Only in a process with one thread.
pid_t fork_worker(const CapturedOutput& output, const std::vector<int>& ours);

/// Executes this program anew as a worker and returns its pid. Throws std::system_error.
pid_t execute_worker(const WorkerSeat& seat, const CapturedOutput& output);

/// The seat that execute_worker() has passed on to this process. Throws what its parts throw.
WorkerSeat inherited_seat();

}  // namespace procfarm::serving
