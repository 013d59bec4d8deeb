// SPDX-License-Identifier: MIT
// worker_table.hpp - what the scheduler knows of each worker, and the lists in which one is found
// without a search: idle ones, those with room for more, those with tasks to give back.
// Keeps the books only; what to do with a worker is decided in scheduler_*.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "assigned_list.hpp"
#include "scheduler.hpp"
#include "seat_lists.hpp"

namespace procfarm::scheduling {

/// `leaving`: told to retire. `killed`: Kill was sent. Both keep their seat until they are gone.
enum class WorkerState : std::uint8_t { vacant, starting, ready, leaving, killed };

/// What a worker's timer is for: `inspect` whether the watched task has begun, its time `limit`
/// passes, its `grace` after a Stop runs out.
enum class Watch : std::uint8_t { none, inspect, limit, grace };

/// A Recall that waits for its answers, or was refused: not repeated until the worker's list
/// changes.
enum class Asked : std::uint8_t { no, waiting, refused };

struct Worker {
  AssignedList tasks{};       // the front is taken as begun
  std::uint64_t results = 0;  // attempts it has reported
  Time front_since{};         // when the front of `tasks` became the front
  Time watch_at{};
  Time timer_at = Time::max();  // of its valid entry among the timers; max: it has none
  TaskId watched{};
  std::uint32_t incarnation = 0;
  std::uint32_t limited = 0;                              // how many of its tasks have a time limit
  int lowest_priority = std::numeric_limits<int>::max();  // of those behind the front, or less
  WorkerState state = WorkerState::vacant;
  Watch watch = Watch::none;
  Asked asked = Asked::no;
  bool crowded = false;
  bool touched = false;  // it has reported results, and its place in the lists is of before

  std::uint32_t unbegun() const { return tasks.empty() ? 0 : tasks.size() - 1; }
};

/// One thread at a time.
class WorkerTable {
 public:
  WorkerTable(std::uint32_t most, std::uint64_t results_each)
      : most_(most), results_each_(results_each) {}

  /// Fills the lowest vacant seat; alive() < most().
  WorkerId start();
  /// The seat is vacant; ids of its last worker are not found any more.
  void vacate(std::uint32_t seat);
  void set_state(std::uint32_t seat, WorkerState state);
  /// Puts the seat into the lists it belongs to now; to be called after each change of it, but for
  /// results: after all of a round.
  void place(std::uint32_t seat, std::uint32_t low_water);

  /// Null for an unknown worker or one of an earlier incarnation.
  Worker* find(WorkerId worker) {
    if (worker.seat >= seats_.size()) return nullptr;
    Worker& found = seats_[worker.seat];
    const bool lives = found.state != WorkerState::vacant;
    return lives && found.incarnation == worker.incarnation ? &found : nullptr;
  }
  Worker& at(std::uint32_t seat) { return seats_[seat]; }
  const Worker& at(std::uint32_t seat) const { return seats_[seat]; }
  WorkerId id(std::uint32_t seat) const { return {seat, seats_[seat].incarnation}; }
  std::uint32_t seats() const { return static_cast<std::uint32_t>(seats_.size()); }

  std::uint32_t most() const { return most_; }
  std::uint32_t alive() const { return seats() - count(WorkerState::vacant); }
  std::uint32_t count(WorkerState state) const { return counts_[static_cast<std::size_t>(state)]; }
  /// How many more tasks it may get before it must retire.
  std::uint64_t results_left(const Worker& worker) const {
    return results_each_ - worker.results - worker.tasks.size();
  }

  /// Lists for SeatLists' functions: ready and without a task, the most recently idle one first;
  /// ready with few tasks left, first come first.
  static constexpr SeatLists::List idle = 0;
  static constexpr SeatLists::List hungry = 1;
  SeatLists& places() { return places_; }
  const SeatLists& places() const { return places_; }

  /// Workers that could give tasks back: list n has those with 2^(n-1) .. 2^n - 1 of them.
  static constexpr SeatLists::List donor_lists = 33;
  SeatLists& donors() { return donors_; }
  const SeatLists& donors() const { return donors_; }
  /// The one with the most tasks to give back, SeatLists::none if there is none.
  std::uint32_t best_donor() const;

  /// The lists `worker` belongs to.
  SeatLists::List place_of(const Worker& worker, std::uint32_t low_water) const;
  static SeatLists::List donor_list_of(const Worker& worker);

 private:
  std::uint32_t most_;
  std::uint64_t results_each_;
  std::vector<Worker> seats_;
  std::vector<std::uint32_t> vacant_;  // a heap, lowest first
  std::array<std::uint32_t, 5> counts_{};
  SeatLists places_{2};
  SeatLists donors_{donor_lists};
};

}  // namespace procfarm::scheduling
