// SPDX-License-Identifier: MIT
// chunk.cpp - see chunk.hpp.
#include <procfarm/wire/chunk.hpp>

namespace procfarm::wire {
namespace {

std::string begin_payload(ChunkHead head, std::uint64_t size) {
  std::string payload(reinterpret_cast<const char*>(&head), sizeof head);
  payload.reserve(sizeof head + size);
  return payload;
}

}  // namespace

std::string chunk_payload(const std::uint32_t* sizes, std::uint32_t count,
                          std::string_view arguments) {
  const std::size_t table = sizeof(std::uint32_t) * count;
  std::string payload = begin_payload({.count = count, .width = 0}, table + arguments.size());
  payload.append(reinterpret_cast<const char*>(sizes), table);
  payload.append(arguments);
  return payload;
}

void ChunkItems::skip(std::uint32_t items) {
  if (head_.width != 0) {
    next_ += std::size_t{items} * head_.width;
    taken_ += items;
  } else {
    for (std::uint32_t i = 0; i < items; ++i) take();
  }
}

std::string ChunkItems::take_payload(std::uint32_t items) {
  const std::size_t table = head_.width != 0 ? 0 : sizeof(std::uint32_t) * items;
  const char* const sizes = sizes_ + sizeof(std::uint32_t) * std::size_t{taken_};
  const char* const at = next_;
  skip(items);
  const auto bytes = static_cast<std::size_t>(next_ - at);
  std::string payload = begin_payload({.count = items, .width = head_.width}, table + bytes);
  if (table != 0) payload.append(sizes, table);
  payload.append(at, bytes);
  return payload;
}

}  // namespace procfarm::wire
