// SPDX-License-Identifier: MIT
// chunk.hpp - several calls of one function that travel as one task: a piece of a map(). The
// worker answers for each item as it would for a task (what it finished is safe before the next one
// begins), but begins, announces and settles once for all of them.
//
// A task is a chunk if chunk_bit is set in its function's number. Its payload begins with the
// number of items and the width that all of them have; if that is 0, the size of each one's
// arguments follows. These are 32 bits each. Then come the arguments, one item after the other.
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

/// After so long a chunk ends early: what is left of it may be for another worker then.
inline constexpr std::int64_t chunk_time = 4'000'000;  // ns

/// The first words of a chunk's payload.
struct ChunkHead {
  std::uint32_t count;
  std::uint32_t width;  // of each item; 0: their sizes follow
};

/// The items of a payload, from the first to the last. A view: the payload must outlive it.
class ChunkItems {
 public:
  /// Throws std::runtime_error if the parts do not add up.
  explicit ChunkItems(std::string_view payload) {
    bool filled = payload.size() >= sizeof head_;
    if (filled) {
      std::memcpy(&head_, payload.data(), sizeof head_);
      next_ = sizes_ = payload.data() + sizeof head_;
      const std::uint64_t left = payload.size() - sizeof head_;
      filled =
          head_.width != 0 ? left == std::uint64_t{head_.width} * head_.count : sizes_fill(left);
    }
    if (!filled) throw std::runtime_error("a chunk whose items do not fill its payload");
  }

  std::uint32_t count() const { return head_.count; }
  /// The arguments of the next item; there must be one left.
  std::string_view take() {
    const std::uint32_t bytes = head_.width != 0 ? head_.width : size(taken_);
    ++taken_;
    const char* const at = next_;
    next_ += bytes;
    return {at, bytes};
  }
  /// Passes over the next `items`; so many must be left.
  void skip(std::uint32_t items);
  std::uint32_t left() const { return head_.count - taken_; }

  /// How many bytes the next `items` are as a payload of their own; so many must be left.
  std::size_t payload_size(std::uint32_t items) const;
  /// Takes them and writes that payload.
  void take_payload(std::uint32_t items, char* to);

 private:
  bool sizes_fill(std::uint64_t left) {
    const std::uint64_t table = std::uint64_t{head_.count} * sizeof(std::uint32_t);
    if (left < table) return false;
    next_ = sizes_ + table;
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < head_.count; ++i) sum += size(i);
    return sum == left - table;
  }
  std::uint32_t size(std::uint32_t item) const {
    std::uint32_t bytes;
    std::memcpy(&bytes, sizes_ + std::size_t{item} * sizeof bytes, sizeof bytes);
    return bytes;
  }

  ChunkHead head_{};
  const char* sizes_ = nullptr;
  const char* next_ = nullptr;
  std::uint32_t taken_ = 0;
};

/// A payload of `count` items: their sizes, and the arguments one after the other.
std::string chunk_payload(const std::uint32_t* sizes, std::uint32_t count,
                          std::string_view arguments);

}  // namespace procfarm::wire
