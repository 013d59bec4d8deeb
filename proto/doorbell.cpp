// SPDX-License-Identifier: MIT
// doorbell.cpp - see doorbell.hpp.
#include <procfarm/wire/doorbell.hpp>

#include <unistd.h>

namespace procfarm::wire {
namespace {

constexpr Depth depth_of(std::uint64_t rest) { return static_cast<Depth>(rest & 3); }

}  // namespace

bool Doorbell::ring(bool more_follow) {
  if (!more_follow) {
    page_.urgent.store(page_.ring_written.load(std::memory_order_relaxed),
                       std::memory_order_seq_cst);
  }
  const std::uint64_t rest = page_.rest.load(std::memory_order_seq_cst);
  const Depth depth = depth_of(rest);
  if (depth == Depth::awake || (depth == Depth::pacing && more_follow) || rest == heard_)
    return false;
  heard_ = rest;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = ::write(bell_.get(), &one, sizeof one);
  return true;
}

bool lie_down(SeatPage& page, const ResultReader& results, std::uint64_t rest) {
  page.rest.store(rest, std::memory_order_seq_cst);
  return depth_of(rest) == Depth::pacing ? !results.urgent() : !results.waiting();
}

void rise(SeatPage& page) {
  page.rest.store(rest_word(0, Depth::awake), std::memory_order_seq_cst);
}

}  // namespace procfarm::wire
