// SPDX-License-Identifier: MIT
// seats.hpp - who sits where: for each seat the shared memory, the worker in it, and the tasks on
// board in the order of their sequence numbers. This is where dispatch and cancellation meet:
// putting a task on board, taking it back and looking whether it runs happen under one lock (the
// third of the process beside inbox and future states, because cancel() must act in the caller's
// thread).
//
// A task on board holds no reference of its own: the driver's table does. An entry whose task was
// taken back stays, empty, until its turn would have come.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <procfarm/task_info.hpp>
#include <procfarm/wire/seat.hpp>

#include "future_state.hpp"
#include "scheduler.hpp"

namespace procfarm {

struct Boarded {
  detail::FutureState* state = nullptr;  // nullptr: taken back
  std::uint32_t attempt = 0;
};

/// The tasks on board of one worker, by their sequence numbers, which follow on one another. A ring
/// that grows to the most there ever were.
class OnBoard {
 public:
  bool empty() const { return first_ == next_; }
  /// Of the oldest entry; of the next to come if there is none.
  wire::Sequence first() const { return first_; }
  wire::Sequence next() const { return next_; }
  Boarded* find(wire::Sequence sequence) {
    return sequence - first_ < next_ - first_ ? &at(sequence) : nullptr;
  }
  /// An entry between first() and next().
  Boarded& at(wire::Sequence sequence) { return slots_[sequence & (slots_.size() - 1)]; }
  void push(Boarded task);
  /// Forgets all empty entries up to the first that is not.
  void drop_empty();

 private:
  std::vector<Boarded> slots_ = std::vector<Boarded>(16);  // a power of two
  wire::Sequence first_ = 0;
  wire::Sequence next_ = 0;
};

/// One life of one worker, as the coordinator sees it. Fields above the line are guarded by Seats,
/// those below are the driver's alone.
struct Occupant {
  explicit Occupant(WorkerId worker) : id(worker), memory(wire::Seat::create()), results(memory) {}

  const WorkerId id;
  wire::Seat memory;
  int pid = 0;
  OnBoard on_board{};
  std::uint64_t tasks_done = 0;
  // ---
  wire::ResultReader results;
  std::array<unsigned char, 16> token{};
  std::string routing_id{};  // empty: no first contact yet
  std::uint32_t modules_sent = 0;
  bool ready = false;
  bool leaving = false;
  std::optional<Time> hello_deadline{};
};

class Seats {
 public:
  using Lock = std::unique_lock<std::mutex>;

  explicit Seats(std::size_t count) : occupants_(count) {}

  /// Everything below needs it. Never held while something waits.
  Lock lock() const { return Lock(mutex_); }

  Occupant* at(WorkerId worker);
  Occupant* occupant_of(const detail::FutureState& state);
  const std::vector<std::unique_ptr<Occupant>>& all() const { return occupants_; }
  Occupant& settle_in(std::unique_ptr<Occupant> occupant);
  std::unique_ptr<Occupant> remove(WorkerId worker);

  /// Gives the task the next sequence number of that worker and marks its slot.
  void board(Occupant& occupant, detail::FutureState& state, std::uint32_t attempt);
  /// False if it has begun. True if it is nowhere or was taken back.
  bool take_back(detail::FutureState& state);
  bool running(const detail::FutureState& state) const;
  /// Forgets that entry, whose task is still there, and all empty ones at the front.
  void leave(Occupant& occupant, Boarded& task);
  /// Whether so much was taken back behind the oldest task of that worker that the numbers of
  /// further ones might come round to its slot: a window of tasks more, and no room is left.
  static bool is_crowded(Occupant& occupant);
  /// Whether something was taken back since it was asked last.
  bool took_back() {
    return took_back_.load(std::memory_order_relaxed) &&
           took_back_.exchange(false, std::memory_order_relaxed);
  }
  /// The begun task that has no result yet, if any.
  Boarded* begun(Occupant& occupant) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Occupant>> occupants_;
  std::atomic<bool> took_back_{false};  // read without the lock
};

}  // namespace procfarm
