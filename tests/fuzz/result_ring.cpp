// SPDX-License-Identifier: MIT
// result_ring.cpp - the coordinator reads the results of a worker that may have written anything
// into its page and its arena: 8 bytes of what it claims to have written, 2 bytes of how much of
// the rest is the arena's, the rest is the ring.
#include "input.hpp"

#include <unistd.h>

#include <stdexcept>
#include <vector>

#include <procfarm/wire/seat.hpp>

using namespace procfarm::wire;

namespace {

// Of the last one, nothing may be left.
void fill(Seat& seat, std::string_view ring, std::string_view arena) {
  static std::size_t filled = 0;
  std::memset(seat.page().ring, 0, filled);
  filled = std::min(ring.size(), ring_size);
  std::memcpy(seat.page().ring, ring.data(), filled);
  [[maybe_unused]] const auto put = ::pwrite(seat.arena_fd(), arena.data(), arena.size(), 0);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Seat seat = Seat::create();
  fuzz::Input input(data, size);
  const std::uint64_t claimed = input.number(8);
  const std::size_t arena_size = std::min<std::size_t>(input.number(2), input.rest().size());
  fill(seat, input.rest().substr(arena_size), input.rest().substr(0, arena_size));
  seat.page().ring_read = 0;
  seat.page().ring_written = claimed;
  ResultReader reader(seat);
  std::uint64_t records = 0;
  try {
    while (const auto record = reader.next()) {
      fuzz::expect(++records <= ring_size / sizeof(ResultRecord), "reading comes to an end");
      fuzz::expect(record->size <= max_payload, "no record is larger than a payload may be");
      if (record->size > 1 << 20) continue;
      std::vector<char> bytes(record->size);
      reader.read(*record, bytes.data());
      if (record->sequence % 2 == 0) reader.release();
    }
    fuzz::expect(seat.page().ring_read <= claimed, "nothing is given back that was not written");
  } catch (const std::runtime_error&) {  // std::system_error is one
  }
  return 0;
}
