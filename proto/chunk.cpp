// SPDX-License-Identifier: MIT
// chunk.cpp - see chunk.hpp.
#include <procfarm/wire/chunk.hpp>

namespace procfarm::wire {

std::string chunk_payload(const std::uint32_t* sizes, std::uint32_t count,
                          std::string_view arguments) {
  std::string payload;
  payload.reserve(ChunkItems::head_size(count) + arguments.size());
  payload.append(reinterpret_cast<const char*>(&count), sizeof count);
  payload.append(reinterpret_cast<const char*>(sizes), sizeof(std::uint32_t) * count);
  payload.append(arguments);
  return payload;
}

std::string ChunkItems::take_payload(std::uint32_t items) {
  std::string sizes(sizes_ + head_size(taken_), sizeof(std::uint32_t) * items);
  std::uint64_t bytes = 0;
  const char* const at = next_;
  for (std::uint32_t i = 0; i < items; ++i) bytes += take().size();
  std::string payload(reinterpret_cast<const char*>(&items), sizeof items);
  payload.reserve(head_size(items) + bytes);
  payload += sizes;
  payload.append(at, bytes);
  return payload;
}

}  // namespace procfarm::wire
