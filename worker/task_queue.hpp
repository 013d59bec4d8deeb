// SPDX-License-Identifier: MIT
// task_queue.hpp - what is on its way from the channel thread to the main thread of a worker, in
// the order in which it came: batches of tasks, and how functions are numbered from there on. The
// frame of a batch lives until its last task is done; arguments are slices of it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <variant>

#include <zmq.hpp>

#include <procfarm/wire/message.hpp>

namespace procfarm::serving {

struct Batch {
  wire::Run run;
  zmq::message_t frame;
  std::string_view payload() const {
    return wire::split_frame({frame.data<char>(), frame.size()}).payload;
  }
};

using Work = std::variant<wire::Modules, Batch>;

/// Any thread may push and close; one thread takes.
class TaskQueue {
 public:
  TaskQueue();

  void push(Work work);
  /// Nothing follows: take() returns nullopt when the queue is empty.
  void close();
  /// What comes next. Waits for it, first awake for some microseconds (there is a second
  /// processor), then asleep.
  std::optional<Work> take();
  /// Nothing to take right now.
  bool empty() const { return waiting_.load(std::memory_order_relaxed) == 0; }

 private:
  void wait_awake() const;

  const bool may_spin_;
  std::atomic<std::size_t> waiting_{0};  // items, and one for closed
  std::mutex mutex_;
  std::condition_variable arrived_;
  bool asleep_ = false;
  bool closed_ = false;
  std::deque<Work> items_;
};

}  // namespace procfarm::serving
