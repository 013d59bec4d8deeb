// SPDX-License-Identifier: MIT
// chunk.hpp - several calls of one function that travel as one task: a piece of a map(). The
// worker answers for each item as it would for a task (what it finished is safe before the next one
// begins), but begins, announces and settles once for all of them.
//
// A task is a chunk if chunk_bit is set in its function's number. Its payload: the number of items,
// the size of each one's arguments (32 bits each), then the arguments, one item after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace procfarm::wire {

inline constexpr std::uint64_t chunk_bit = std::uint64_t{1} << 63;
constexpr bool is_chunk(std::uint64_t function) { return (function & chunk_bit) != 0; }

/// The items of a payload, from the first to the last. A view: the payload must outlive it.
class ChunkItems {
 public:
  /// Throws std::runtime_error if the parts do not add up.
  explicit ChunkItems(std::string_view payload) : sizes_(payload.data()) {
    if (payload.size() >= sizeof count_) std::memcpy(&count_, payload.data(), sizeof count_);
    const std::size_t head = head_size(count_);
    std::uint64_t sum = 0;
    if (payload.size() >= head) {
      for (std::uint32_t i = 0; i < count_; ++i) sum += size(i);
    }
    if (payload.size() < head || sum != payload.size() - head) {
      throw std::runtime_error("a chunk whose items do not fill its payload");
    }
    next_ = payload.data() + head;
  }

  std::uint32_t count() const { return count_; }
  /// The arguments of the next item; there must be one left.
  std::string_view take() {
    const std::uint32_t bytes = size(taken_++);
    const char* const at = next_;
    next_ += bytes;
    return {at, bytes};
  }
  std::uint32_t left() const { return count_ - taken_; }

  /// Takes the next `items` as a payload of their own; so many must be left.
  std::string take_payload(std::uint32_t items);

  static constexpr std::size_t head_size(std::uint32_t count) {
    return sizeof(std::uint32_t) * (std::size_t{count} + 1);
  }

 private:
  std::uint32_t size(std::uint32_t item) const {
    std::uint32_t bytes;
    std::memcpy(&bytes, sizes_ + head_size(item), sizeof bytes);
    return bytes;
  }

  const char* sizes_;
  const char* next_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint32_t taken_ = 0;
};

/// A payload of `count` items: their sizes, and the arguments one after the other.
std::string chunk_payload(const std::uint32_t* sizes, std::uint32_t count,
                          std::string_view arguments);

}  // namespace procfarm::wire
