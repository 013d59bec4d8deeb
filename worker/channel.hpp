// SPDX-License-Identifier: MIT
// channel.hpp - the worker's thread that talks: it owns the ZeroMQ context and the DEALER, hands
// what arrives to the main thread's queue, passes stop requests on, and ends the worker with all it
// has started when coordinator or supervisor are gone. Results are none of its business: the main
// thread itself tells of them (doorbell.hpp).
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include <zmq.hpp>

#include <procfarm/wire/message.hpp>
#include <procfarm/wire/unique_fd.hpp>

#include "running_task.hpp"
#include "task_queue.hpp"
#include "worker_start.hpp"

namespace procfarm::serving {

/// Pinned. Each function says whose it is; those of the main thread are its alone.
class Channel {
 public:
  /// Borrows everything, but takes over the line. Starts the thread, which greets the coordinator.
  /// Throws std::system_error.
  Channel(WorkerSeat& seat, RunningTask& running, TaskQueue& queue);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Main thread: sends `message` as soon as possible.
  void post(const wire::FromWorker& message);
  /// Main thread: all is done. Returns when the last message is on its way and the thread has left.
  void finish();

 private:
  void run();
  void serve(zmq::socket_t& socket);
  void collect_posts();
  void exchange(zmq::socket_t& socket);
  void send_outgoing(zmq::socket_t& socket, int flags);
  void receive_all(zmq::socket_t& socket);
  bool is_from_coordinator(const zmq::message_t& frame);
  void accept(zmq::message_t frame);
  void rest(int socket_fd);
  void wake();
  [[noreturn]] void die_with_all_below();

  WorkerSeat& seat_;
  RunningTask& running_;
  TaskQueue& queue_;
  wire::UniqueFd wake_;  // eventfd

  std::atomic<bool> finished_{false};
  std::mutex posts_mutex_;
  std::deque<std::string> posts_;

  std::deque<std::string> outgoing_;  // from here on: channel thread only
  std::string coordinator_;           // its address, as the kernel has told it
  std::thread thread_;                // last: it uses all of the above
};

}  // namespace procfarm::serving
