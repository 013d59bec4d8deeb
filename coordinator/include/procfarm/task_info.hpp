// SPDX-License-Identifier: MIT
// task_info.hpp - what an executor can tell of a task, of a worker and of itself. Plain values.
#pragma once

#include <cstdint>
#include <string>

#include <procfarm/duration.hpp>

namespace procfarm {

/// Figures of the last attempt; what is not known (yet) is empty, zero or the epoch. CPU time and
/// peak memory are exact for commands and for attempts longer than 1 ms.
struct TaskInfo {
  std::string id{};               // unique in its executor
  std::string name{};             // from TaskOptions
  int attempts = 0;               // begun so far
  int pid = 0;                    // of the worker
  std::string host{};             // of the worker
  double progress = 0;            // as told while it runs (this_task::progress); 1: success
  std::string message{};          // the same
  TimePoint submitted{};          // when submit was called
  TimePoint started{};            // when the worker began it
  TimePoint finished{};           // when its outcome was known
  Duration cpu_time{};            // user and system
  std::uint64_t peak_memory = 0;  // bytes
};

/// One worker process.
struct WorkerInfo {
  int pid = 0;                   // of the process
  std::string host{};            // where it runs
  bool busy = false;             // it has begun a task
  std::string task{};            // name or id of the task it is running
  std::uint64_t tasks_done = 0;  // by this process
};

/// Counts over the executor's life; `pending` and `running` are of this moment.
struct PoolStats {
  std::uint64_t pending = 0;          // accepted and not begun
  std::uint64_t running = 0;          // begun in a worker
  std::uint64_t done = 0;             // with a result
  std::uint64_t failed = 0;           // with an error
  std::uint64_t cancelled = 0;        // before they began or by cancel_running
  std::uint64_t workers_started = 0;  // replacements included
  std::uint64_t workers_lost = 0;     // died without being told to
  std::uint64_t late_results = 0;     // came for an attempt that was over, and were dropped
};

}  // namespace procfarm
