// SPDX-License-Identifier: MIT
// chunk.cpp - see chunk.hpp.
#include <procfarm/wire/chunk.hpp>

namespace procfarm::wire {

std::string chunk_payload(const std::uint32_t* sizes, std::uint32_t count,
                          std::string_view arguments) {
  const std::size_t table = sizeof(std::uint32_t) * count;
  const ChunkHead head{.count = count, .width = 0};
  std::string payload;
  payload.reserve(sizeof head + table + arguments.size());
  payload.append(reinterpret_cast<const char*>(&head), sizeof head);
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

std::size_t ChunkItems::payload_size(std::uint32_t items) const {
  ChunkItems rest = *this;
  rest.skip(items);
  const auto bytes = static_cast<std::size_t>(rest.next_ - next_);
  return sizeof head_ + (head_.width != 0 ? 0 : sizeof(std::uint32_t) * items) + bytes;
}

void ChunkItems::take_payload(std::uint32_t items, char* to) {
  const ChunkHead head{.count = items, .width = head_.width};
  std::memcpy(to, &head, sizeof head);
  to += sizeof head;
  if (head_.width == 0) {
    const std::size_t table = sizeof(std::uint32_t) * items;
    std::memcpy(to, sizes_ + sizeof(std::uint32_t) * std::size_t{taken_}, table);
    to += table;
  }
  const char* const at = next_;
  skip(items);
  std::memcpy(to, at, static_cast<std::size_t>(next_ - at));
}

}  // namespace procfarm::wire
