// SPDX-License-Identifier: MIT
// stop_event.hpp - the stop of a task that runs on a thread of this process, as a descriptor that
// poll can wait for. Tasks of workers have one of their own: running_task.hpp.
#pragma once

#include <optional>
#include <stop_token>

#include <procfarm/wire/unique_fd.hpp>

namespace procfarm::serving {

/// Pinned; the thread of the task.
class LocalStopEvent {
 public:
  /// Throws std::system_error.
  LocalStopEvent();
  LocalStopEvent(const LocalStopEvent&) = delete;
  LocalStopEvent& operator=(const LocalStopEvent&) = delete;

  /// Readable when the task of this thread is asked to stop; -1 if it is none of that kind.
  int fd() const { return event_.get(); }

 private:
  struct Signal {
    int fd;
    void operator()() const noexcept;
  };

  wire::UniqueFd event_;  // outlives what writes to it
  std::optional<std::stop_callback<Signal>> signal_;
};

}  // namespace procfarm::serving
