// SPDX-License-Identifier: MIT
// running_task.hpp - which task runs, as both threads of a worker need to know it, and how it is
// asked to stop: its token fires, its stop descriptor becomes readable, and what it has started
// gets SIGTERM; the worker itself never does.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

#include <procfarm/wire/seat.hpp>
#include <procfarm/wire/unique_fd.hpp>

namespace procfarm::serving {

/// Pinned; one per worker process.
class RunningTask {
 public:
  /// Makes this process a worker for this_task. Throws std::system_error.
  explicit RunningTask(wire::SeatPage& page);
  RunningTask(const RunningTask&) = delete;
  RunningTask& operator=(const RunningTask&) = delete;

  /// Main thread, around each task.
  void begin(wire::Sequence sequence, std::uint64_t task, std::uint32_t attempt);
  /// Main thread, between two items of a chunk: the next one is `task`.
  void go_on(std::uint64_t task);
  /// Returns when a stop procedure that is under way has ended, so that it cannot hit the next
  /// task.
  void end();

  /// Any thread: stops the running task if it is the one that the page names.
  void stop_if_asked();

 private:
  static bool stop_requested(void* self);
  static void progress(void* self, double fraction, std::string_view message);
  bool is_asked_to_stop() const;

  wire::SeatPage& page_;
  wire::UniqueFd stop_event_;              // readable from the stop on
  std::atomic<std::uint64_t> running_{0};  // sequence + 1; 0: none
  std::atomic<std::uint64_t> task_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> stopped_{false};  // the event has been set
  std::mutex noting_;
};

/// Readable when the running task is asked to stop; -1 outside a worker.
int task_stop_fd();

/// How long this worker has been suspended, ever; nothing outside a worker.
std::chrono::nanoseconds suspended_for();

}  // namespace procfarm::serving
