// SPDX-License-Identifier: MIT
// process_tree.hpp - what hangs below a process, and how to end it. Supervisor and workers are
// subreapers, so whatever a task has started, daemons included, stays below its worker and is found
// here. Reads /proc only; knows nothing of tasks. Any thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <vector>

namespace procfarm::serving {

/// A process that still runs, and its parent when we looked.
struct Process {
  pid_t pid = 0;
  pid_t parent = 0;
};

/// Direct children of `pid`, those of all its threads, zombies included. Empty when it is gone.
std::vector<pid_t> children_of(pid_t pid);

/// Neither gone nor a zombie.
bool is_running(pid_t pid);

/// All that run below `root`, parents first; no zombies, and not `except` with what is below it.
std::vector<Process> running_below(pid_t root, pid_t except = 0);

/// Kills all that run below `root`, again and again until nothing is left. False if something still
/// runs after `limit` (it may be uninterruptible, or not ours to kill).
bool kill_below(pid_t root, std::chrono::milliseconds limit, pid_t except = 0);

/// Stops `root`, a child of ours or our parent, kills all below it and then itself. Does not reap.
void kill_tree(pid_t root, std::chrono::milliseconds limit, pid_t except = 0);

/// `signal` to all that run below `root`, those born meanwhile included; not to those for whose
/// process group `spared` (if given) says true.
void signal_below(pid_t root, int signal, bool (*spared)(pid_t group) = nullptr);

/// Resident bytes of `root` and all below it; 0 when it is gone.
std::uint64_t resident_memory(pid_t root);

}  // namespace procfarm::serving
