// SPDX-License-Identifier: MIT
// growing_bytes.hpp - bytes that come piece by piece and are read at the end. Room for more of them
// is not cleared, as that of a std::string is: a copy follows at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace procfarm {

/// A plain value that cannot be copied. One thread at a time.
class GrowingBytes {
 public:
  std::string_view view() const { return {bytes_.get(), size_}; }
  /// Room for `count` more bytes, which have no value yet. Valid until the next call.
  char* room_for(std::size_t count) {
    if (capacity_ - size_ < count) grow(count);
    return bytes_.get() + size_;
  }
  /// The first `count` bytes of the room have been written: they are part of the whole.
  void add(std::size_t count) { size_ += count; }

 private:
  void grow(std::size_t count) {
    const std::size_t capacity = std::max(2 * capacity_, size_ + count);
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ != 0) std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace procfarm
