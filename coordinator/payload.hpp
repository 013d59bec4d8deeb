// SPDX-License-Identifier: MIT
// payload.hpp - the encoded bytes of one task's arguments or of its outcome. Small ones live inside
// the object, so that a typical task costs no allocation for them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace procfarm {

/// Movable bytes of fixed size, at most 4 GiB. One thread at a time.
class Payload {
 public:
  Payload() = default;
  /// Room for `size` bytes, to be filled through data().
  explicit Payload(std::uint32_t size) : size_(size) {
    if (size > inline_size) storage_.heap = new char[size];
  }
  explicit Payload(std::string_view bytes) : Payload(static_cast<std::uint32_t>(bytes.size())) {
    if (!bytes.empty()) std::memcpy(data(), bytes.data(), bytes.size());
  }
  Payload(Payload&& other) noexcept
      : storage_(other.storage_), size_(std::exchange(other.size_, 0)) {}
  Payload& operator=(Payload&& other) noexcept {
    std::swap(storage_, other.storage_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Payload() {
    if (size_ > inline_size) delete[] storage_.heap;
  }

  char* data() { return size_ > inline_size ? storage_.heap : storage_.bytes; }
  const char* data() const { return size_ > inline_size ? storage_.heap : storage_.bytes; }
  std::uint32_t size() const { return size_; }
  std::string_view view() const { return {data(), size_}; }

 private:
  static constexpr std::uint32_t inline_size = 20;
  union __attribute__((packed, aligned(4))) Storage {
    char bytes[inline_size];
    char* heap;
  };
  Storage storage_{};
  std::uint32_t size_ = 0;
};
static_assert(sizeof(Payload) == 24);

}  // namespace procfarm
