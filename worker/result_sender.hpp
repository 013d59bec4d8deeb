// SPDX-License-Identifier: MIT
// result_sender.hpp - how a worker's main thread tells what came of its tasks: into the ring of its
// seat, waiting while that is full, with a ring at the coordinator's bell.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include <procfarm/wire/doorbell.hpp>
#include <procfarm/wire/seat.hpp>

namespace procfarm::serving {

/// One thread at a time.
class ResultSender {
 public:
  /// Borrows the seat.
  ResultSender(wire::Seat& seat, wire::UniqueFd bell)
      : results_(seat), bell_(seat.page(), std::move(bell)) {}

  /// Publishes one result and rings. Throws std::system_error if there is no memory for a large
  /// one; nothing is published then.
  void send(const wire::ResultRecord& record, std::string_view bytes, bool more_follow);

  /// Adds the next value of the chunk that `attempt` runs. False: it needs a record of its own, in
  /// which send() puts it; what was added before is published.
  bool add_value(const wire::ResultRecord& attempt, std::string_view value);
  bool has_values() const { return results_.open_items() > 0; }
  /// Publishes what was added since the last time, also if that is nothing. Does not ring.
  void close_values(const wire::ResultRecord& attempt, wire::ResultKind kind);

  /// Tells the coordinator, if it wants to be told. `more_follow`: the next task begins right now.
  void ring(bool more_follow);
  /// How often it has waited or woken somebody: a time that was taken before is past then.
  std::uint64_t pauses() const { return pauses_; }

 private:
  void wait_for_room();

  wire::ResultWriter results_;
  wire::Doorbell bell_;
  std::chrono::microseconds patience_{};
  std::uint64_t pauses_ = 0;
};

}  // namespace procfarm::serving
