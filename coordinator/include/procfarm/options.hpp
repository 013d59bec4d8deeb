// SPDX-License-Identifier: MIT
// options.hpp - how executors, tasks, map and shutdown are told what to do. Plain values with
// designated initialisers; every member has a default.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <procfarm/any_future.hpp>
#include <procfarm/call.hpp>
#include <procfarm/duration.hpp>
#include <procfarm/retry.hpp>

namespace procfarm {

/// How many processors this process may really use: the least of its affinity, its cgroup's CPU
/// quota (rounded up) and SLURM_CPUS_PER_TASK; at least 1. Any thread.
int usable_cpus();

/// Where workers come from. `forkserver`: the program is executed anew once, workers are forked
/// from that copy. `spawn`: each worker is executed anew. `fork`: workers see the caller's memory
/// as it was when the executor was built (the hazards of fork with threads are the caller's).
enum class StartMethod { forkserver, spawn, fork };

/// How an executor of processes is built. Impossible values are refused by its constructor, with
/// std::invalid_argument.
struct ProcessPoolOptions {
  std::optional<int> max_workers{};                    // default usable_cpus(); <= 0 is refused
  StartMethod start_method = StartMethod::forkserver;  // where workers come from
  Call initializer{};                                  // in every worker, before its first task
  Call preload{};                                      // once, in the supervisor (forkserver, fork)
  std::optional<int> max_tasks_per_child{};            // >= 1; a worker is replaced after that many
  std::optional<std::size_t> max_pending{};        // >= 1; submit blocks while so many are pending
  std::optional<std::size_t> max_pending_bytes{};  // the same for encoded arguments
  std::map<std::string, std::string> env{};        // set before anything of the program runs
  bool capture_stderr = false;   // forwarded line by line, its tail kept for errors
  bool capture_stdout = false;   // kept in the worker's seat, for commands' owners
  bool forward_captured = true;  // false: captured standard error is only kept
  std::string program{};         // what the supervisor executes; default: this program
  int prestart = 0;  // 0 to max_workers: so many workers start at once, not with the first tasks
};

/// What holds for each task of a Submitter.
struct TaskOptions {
  std::string name{};                        // for errors and TaskInfo; need not be unique
  int priority = 0;                          // higher first
  std::optional<Duration> timeout{};         // per attempt, from its start in the worker
  Duration grace = std::chrono::seconds{2};  // from the polite stop to SIGKILL
  RetryPolicy retry{};                       // by default one attempt
  std::vector<AnyFuture> after{};            // starts when all of them have succeeded
};

/// How map submits and waits.
struct MapOptions {
  std::optional<Duration> timeout{};        // from the call of map
  std::size_t chunksize = 0;                // 0: chosen by the farm
  std::optional<std::size_t> buffersize{};  // >= 1; so many submitted ahead of the reader
};

/// How an executor ends.
struct ShutdownOptions {
  bool wait = true;             // return when all work is done and all processes are gone
  bool cancel_futures = false;  // cancel what has not begun
};

}  // namespace procfarm
