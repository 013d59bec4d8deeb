// SPDX-License-Identifier: MIT
// open_record.cpp - the coordinator reads what a dead worker has left of a chunk, which may be
// anything: 8 bytes of what it claims to be open, 8 bytes of where, 8 bytes of what it has
// published; the rest is the ring.
#include "input.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include <procfarm/wire/seat.hpp>

using namespace procfarm::wire;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Seat seat = Seat::create();
  static std::size_t filled = 0;
  SeatPage& page = seat.page();
  fuzz::Input input(data, size);
  page.open = input.number(8);
  page.open_at = input.number(8);
  page.ring_written = input.number(8);
  page.ring_read = 0;
  std::memset(page.ring, 0, filled);  // of the last one, nothing may be left
  filled = std::min(input.rest().size(), ring_size);
  std::memcpy(page.ring, input.rest().data(), filled);

  ResultReader reader(seat);
  try {
    while (reader.next()) continue;
    const auto record = reader.open_record();
    if (!record) return 0;
    fuzz::expect(record->kind == ResultKind::values && record->items > 0, "it has values");
    fuzz::expect(record->size <= inline_result_limit, "it is no larger than an open one can be");
    std::vector<char> bytes(record->size);
    reader.read(*record, bytes.data());
    fuzz::expect(!reader.next(), "it is the last thing that is read");
  } catch (const std::runtime_error&) {
  }
  return 0;
}
