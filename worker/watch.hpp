// SPDX-License-Identifier: MIT
// watch.hpp - the worker's second thread, which is there for what cannot wait until a task is over:
// it passes on requests to stop, and ends the worker with all it has started when coordinator or
// supervisor are gone. It sleeps until one of these comes.
#pragma once

#include <thread>

#include <procfarm/wire/seat.hpp>
#include <procfarm/wire/unique_fd.hpp>

#include "running_task.hpp"
#include "worker_start.hpp"

namespace procfarm::serving {

/// Pinned.
class Watch {
 public:
  /// Borrows everything. Starts the thread. Throws std::system_error.
  Watch(const WorkerSeat& worker, const wire::Seat& memory, RunningTask& running);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  void run();
  [[noreturn]] void die_with_all_below();

  const WorkerSeat& worker_;
  const wire::Seat& memory_;
  RunningTask& running_;
  wire::UniqueFd end_;  // eventfd
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace procfarm::serving
