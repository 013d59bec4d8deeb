// SPDX-License-Identifier: MIT
// channel.hpp - the worker's thread that talks: it owns the ZeroMQ context and the DEALER, hands
// what arrives to the main thread's queue, announces finished results, passes stop requests on, and
// ends the worker with all it has started when coordinator or supervisor are gone.
//
// Announcing is paced: the first result after a pause goes out at once, in a stream of short tasks
// one announcement covers all that was finished in `pace`, and when the main thread runs out of
// work everything goes out at once. So that the main thread need not wake this one per task, this
// one tells how deeply it sleeps (Rest).
#pragma once

#include <atomic>
#include <chrono>
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
  /// Main thread: one more result lies in the ring. `more_follow`: the next task begins right now.
  void result_published(bool more_follow);
  /// Main thread: announces what is in the ring at once.
  void announce();
  /// Main thread: all is done. Returns when the last message is on its way and the thread has left.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  enum class Rest : int { awake, pacing, asleep };
  static constexpr auto pace = std::chrono::microseconds(100);

  void run();
  void serve(zmq::socket_t& socket);
  void ship(Clock::time_point now);
  void collect_posts();
  void exchange(zmq::socket_t& socket);
  void send_outgoing(zmq::socket_t& socket, int flags);
  void receive_all(zmq::socket_t& socket);
  bool is_from_coordinator(const zmq::message_t& frame);
  void accept(zmq::message_t frame);
  void rest(int socket_fd, Clock::time_point now);
  void wake();
  [[noreturn]] void die_with_all_below();

  WorkerSeat& seat_;
  RunningTask& running_;
  TaskQueue& queue_;
  wire::UniqueFd wake_;  // eventfd

  std::atomic<std::uint64_t> published_{0};  // results in the ring; main thread writes
  std::atomic<std::uint64_t> urgent_{0};     // this many of them are to be announced at once
  std::atomic<Rest> rest_{Rest::awake};      // this thread writes
  std::atomic<bool> finished_{false};
  std::mutex posts_mutex_;
  std::deque<std::string> posts_;

  std::uint64_t shipped_ = 0;  // from here on: channel thread only
  Clock::time_point last_shipped_{};
  std::deque<std::string> outgoing_;
  std::string coordinator_;    // its address, as the kernel has told it
  const std::string results_;  // the one message that is sent all the time, encoded
  std::thread thread_;         // last: it uses all of the above
};

}  // namespace procfarm::serving
