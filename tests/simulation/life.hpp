// SPDX-License-Identifier: MIT
// life.hpp - one life of one simulated worker: the process, and the seat that outlives it. As in
// the real one, beginning a task and taking it back are steps of the same word, results lie in the
// seat until somebody reads them, and batches arrive in the order in which they were sent.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "coordinator/scheduler.hpp"

namespace procfarm::simulation {

enum class Slot : std::uint8_t { queued, begun, taken, reported };

/// A task on board; its number is its place in Life::boarded.
struct Boarded {
  TaskId task;
  std::uint32_t attempt;
  Slot slot = Slot::queued;
};

struct Record {
  std::uint64_t number;
  TaskId task;
  std::uint32_t attempt;
  AttemptEnd end;
  std::uint64_t value;
  Duration took;
};

struct Life {
  explicit Life(WorkerId worker) : id(worker) {}

  const WorkerId id;
  // -- the seat, in the coordinator's hands
  std::vector<Boarded> boarded{};
  std::deque<Record> ring{};  // not read yet
  bool contacted = false;     // it has said that it is ready
  bool leaving = false;       // it was told to retire
  bool condemned = false;     // the scheduler wants it killed
  bool kill_sent = false;     // somebody does: also a user, or the driver of its own
  bool gone = false;          // its end has been reported
  std::uint64_t stop = 0;     // number + 1 of the task that is to stop
  // -- the process
  bool alive = true;
  bool mute = false;           // nothing it says arrives
  bool told_to_leave = false;  // Leave has arrived
  std::uint64_t arrived = 0;   // so many tasks have arrived
  std::uint64_t next = 0;      // the number it looks at next
  std::optional<std::uint64_t> running{};
  bool obeys = true;                // the running task ends soon after a stop
  Time started{};                   // of the running task
  Time frozen_until{};              // stopped by somebody
  std::optional<Time> suspended{};  // since when
  std::optional<Time> ends_at{};    // of the running task; while frozen or suspended it is moved
  std::uint64_t turn = 0;           // an event of an earlier turn has nothing to say any more
  Time last_arrival{};              // of a message to it
  Time last_departure{};            // of a message from it

  std::uint64_t held() const {
    std::uint64_t count = 0;
    for (const Boarded& each : boarded)
      count += each.slot == Slot::queued || each.slot == Slot::begun;
    return count;
  }
  /// The begun task without a result, as the page tells it.
  std::optional<TaskId> begun_task() const {
    for (const Boarded& each : boarded) {
      if (each.slot == Slot::begun) return each.task;
      if (each.slot == Slot::queued) return std::nullopt;
    }
    return std::nullopt;
  }
};

}  // namespace procfarm::simulation
