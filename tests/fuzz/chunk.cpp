// SPDX-License-Identifier: MIT
// chunk.cpp - a payload of several items, as a worker gets it: any bytes are items that fill it
// exactly, or an error. What is taken of it as payloads of their own are the same items.
// 1 byte: how many items each of these has at most. 1 byte: 0, and the rest is the payload; else
// the width of the items that the rest is. By chance a payload would seldom be right.
#include "input.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include <procfarm/wire/chunk.hpp>

using procfarm::wire::ChunkHead;
using procfarm::wire::ChunkItems;

namespace {

using Items = std::vector<std::string>;

void append_items(ChunkItems& items, Items& to) {
  while (items.left() > 0) to.emplace_back(items.take());
}

std::string payload_of_width(std::uint32_t width, std::string_view bytes) {
  const ChunkHead head{.count = static_cast<std::uint32_t>(bytes.size() / width), .width = width};
  std::string payload(reinterpret_cast<const char*>(&head), sizeof head);
  return payload.append(bytes.substr(0, std::size_t{head.count} * width));
}

void expect_same_in_pieces(const std::string& payload, std::uint32_t most, const Items& whole) {
  ChunkItems items(payload);
  Items pieces;
  while (items.left() > 0) {
    const std::uint32_t count = std::min(most, items.left());
    std::string piece(items.payload_size(count), '\0');
    items.take_payload(count, piece.data());
    ChunkItems part(piece);
    append_items(part, pieces);
  }
  fuzz::expect(pieces == whole, "in pieces it holds the same items");
}

void expect_same_behind(const std::string& payload, std::uint32_t passed, const Items& whole) {
  ChunkItems items(payload);
  items.skip(std::min(passed, items.left()));
  Items rest;
  append_items(items, rest);
  fuzz::expect(
      rest.size() <= whole.size() && std::equal(rest.rbegin(), rest.rend(), whole.rbegin()),
      "behind those that are passed over are the same items");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint32_t most = std::uint32_t{input.byte()} + 1;
  const std::uint32_t width = input.byte();
  // Of its own, so that a byte too far is seen.
  const std::string payload =
      width == 0 ? std::string(input.rest()) : payload_of_width(width, input.rest());
  try {
    ChunkItems items(payload);
    Items whole;
    append_items(items, whole);
    fuzz::expect(whole.size() == items.count(), "there are as many items as it says");
    expect_same_in_pieces(payload, most, whole);
    expect_same_behind(payload, most, whole);
  } catch (const std::runtime_error&) {
    fuzz::expect(width == 0, "items of one width are a payload");
  }
  return 0;
}
