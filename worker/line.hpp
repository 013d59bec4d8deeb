// SPDX-License-Identifier: MIT
// line.hpp - the worker's end of its connection: a DEALER that the coordinator connects to. What
// arrives is work, in the order in which it came: batches of tasks, and how functions are numbered
// from there on. Only the main thread looks into it, when it has nothing to do or is about to: so a
// message wakes the thread that it is for, and nobody while tasks run. Results are none of the
// line's business (doorbell.hpp), nor is a request to stop (watch.hpp).
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <zmq.hpp>

#include <procfarm/wire/message.hpp>

#include "worker_start.hpp"

namespace procfarm::serving {

/// The frame lives until the last task of the batch is done; arguments are slices of it.
struct Batch {
  wire::Run run;
  zmq::message_t frame;
  std::string_view payload() const {
    return wire::split_frame({frame.data<char>(), frame.size()}).payload;
  }
};

using Work = std::variant<wire::Modules, Batch>;

/// Main thread. When the line fails, or brings nonsense, the process ends with a message.
class Line {
 public:
  /// Takes over the seat's line and borrows the rest. Greets the coordinator when it has connected.
  /// Throws zmq::error_t.
  explicit Line(WorkerSeat& seat);
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// What comes next; nullopt: nothing any more. Waits for it, asleep, but for some microseconds
  /// awake if the last time that was enough (and there is a second processor).
  std::optional<Work> take();
  /// Whether take() would not wait.
  bool has_more();
  /// Sends `message` as soon as possible.
  void post(const wire::FromWorker& message);
  /// Returns when the greeting is on its way. For who is about to run the program's own code, which
  /// takes its time: nothing is exchanged meanwhile.
  void greet();
  /// All is done, and the process is about to end. Returns when the last message is on its way; as
  /// long as there is no connection yet it waits for that.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;

  bool has_news() const { return closed_ || !arrived_.empty(); }
  void stay_awake(Clock::time_point until) const;
  void wait_for_connection();
  void exchange();
  void exchange_all();
  void send_outgoing(int flags);
  void receive_all();
  bool is_from_coordinator(const zmq::message_t& frame);
  void accept(zmq::message_t frame);

  const WorkerSeat& seat_;
  zmq::context_t context_{1};
  zmq::socket_t socket_;
  const int fd_;  // tells of changes only
  const bool may_spin_;
  bool soon_ = false;  // the last message came soon
  std::deque<std::string> outgoing_;
  std::string coordinator_;  // its address, as the kernel has told it
  std::deque<Work> arrived_;
  bool closed_ = false;
  bool connected_ = false;  // something could be sent
};

}  // namespace procfarm::serving
