// SPDX-License-Identifier: MIT
// chunk.cpp - a payload of several items, as a worker gets it: any bytes are items that fill it
// exactly, or an error. What is taken of it as payloads of their own are the same items.
// 1 byte: how many items each of these has at most; the rest is the payload.
#include "input.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include <procfarm/wire/chunk.hpp>

using procfarm::wire::ChunkItems;

namespace {

void append_items(ChunkItems& items, std::vector<std::string>& to) {
  while (items.left() > 0) to.emplace_back(items.take());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint32_t most = std::uint32_t{input.byte()} + 1;
  const std::string payload(input.rest());  // of its own, so that a byte too far is seen
  try {
    ChunkItems items(payload);
    std::vector<std::string> whole;
    append_items(items, whole);
    fuzz::expect(whole.size() == items.count(), "there are as many items as it says");

    ChunkItems again(payload);
    std::vector<std::string> pieces;
    while (again.left() > 0) {
      const std::string piece = again.take_payload(std::min(most, again.left()));
      ChunkItems part(piece);
      append_items(part, pieces);
    }
    fuzz::expect(pieces == whole, "in pieces it holds the same items");
  } catch (const std::runtime_error&) {
  }
  return 0;
}
