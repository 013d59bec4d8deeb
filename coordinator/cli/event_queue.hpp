// SPDX-License-Identifier: MIT
// event_queue.hpp - what other threads have to tell the main loop: attempts that ended, commits of
// the database, rows that were read. The loop waits on its descriptor; nobody else waits for
// anybody.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "outcome.hpp"

namespace procfarm::cli {

/// All that has happened since the last look.
struct Events {
  std::vector<AttemptReport> ended{};
  std::vector<std::uint32_t> rows_arrived{};                            // tasks
  std::vector<std::pair<std::uint32_t, std::uint64_t>> rows_counted{};  // task and number of rows
  bool tasks_arrived = false;                                           // of a stream of tasks
  std::uint64_t committed = 0;  // the highest sequence number so far
  std::optional<std::string> database_failure{};
};

/// Any thread.
class EventQueue {
 public:
  EventQueue();
  ~EventQueue();
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  void attempt_ended(AttemptReport&& report);
  void rows_arrived(std::uint32_t task);
  void rows_counted(std::uint32_t task, std::uint64_t count);
  void tasks_arrived();
  void committed(std::uint64_t sequence);
  void database_failed(const std::string& text);

  /// Readable when take() has something.
  int fd() const { return fd_; }
  Events take();

 private:
  void wake();

  int fd_;
  std::mutex mutex_;    // guards what follows
  bool woken_ = false;  // the descriptor is readable
  Events pending_;
};

}  // namespace procfarm::cli
