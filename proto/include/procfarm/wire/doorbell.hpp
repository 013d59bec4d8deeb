// SPDX-License-Identifier: MIT
// doorbell.hpp - how the coordinator hears of results: no message tells of them. Before it sleeps
// it writes into each busy worker's page how deeply, and looks into the ring once more; a worker
// that has published a result and finds the coordinator asleep wakes it, by an eventfd that all
// workers of an executor share. From the first result after a pause on the coordinator sleeps
// lightly for some time (pacing): then only an urgent result wakes it, one behind which the worker
// has nothing more to do, and its own clock brings in the others. So a stream of short tasks costs
// one wake-up for many results, and a worker pays nothing where the coordinator is awake.
//
// Why no result is forgotten (all in the one order of sequentially consistent operations): the
// worker publishes, then reads `rest`; the coordinator writes `rest`, then looks. Whoever comes
// second sees the other. A worker rings once for each rest. The coordinator wakes up from that,
// takes its rest back, and looks then, so it sees what was published behind the ring too. A worker
// that stops or dies between anything harms nobody but itself: `rest` is written by the coordinator
// alone.
#pragma once

#include <cstdint>

#include <procfarm/wire/seat.hpp>
#include <procfarm/wire/unique_fd.hpp>

namespace procfarm::wire {

enum class Depth : std::uint64_t { awake = 0, pacing = 1, asleep = 2 };

/// The coordinator's rest number `number` (from 1, a new one each time it lies down).
constexpr std::uint64_t rest_word(std::uint64_t number, Depth depth) {
  return number << 2 | static_cast<std::uint64_t>(depth);
}

/// Worker's side. One thread at a time.
class Doorbell {
 public:
  /// Borrows the page. `bell` is the eventfd.
  Doorbell(SeatPage& page, UniqueFd bell) : page_(page), bell_(std::move(bell)) {}

  /// A result has been published. `more_follow`: the next task begins right now. True if somebody
  /// was woken for it, which takes a while.
  bool ring(bool more_follow);

 private:
  SeatPage& page_;
  UniqueFd bell_;
  std::uint64_t heard_ = 0;  // the rest in which it was rung last
};

/// Coordinator: true if it may rest in this way, as far as that worker is concerned; false: there
/// is a result.
bool lie_down(SeatPage& page, const ResultReader& results, std::uint64_t rest);
/// Coordinator: from here on nobody needs to ring. Look into the ring afterwards.
void rise(SeatPage& page);

}  // namespace procfarm::wire
