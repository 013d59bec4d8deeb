// SPDX-License-Identifier: MIT
// payload.hpp - the encoded bytes of one task's arguments or of its outcome. Small ones live inside
// the object, so that a typical task costs no allocation for them; large arguments in a block of
// the executor's shared memory.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "argument_blocks.hpp"

namespace procfarm {

/// Movable bytes of fixed size, at most 2 GiB. One thread at a time.
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
  /// The first `size` bytes of what was allocated.
  Payload(std::unique_ptr<char[]> bytes, std::uint32_t size) : size_(size) {
    if (size > inline_size) {
      storage_.heap = bytes.release();
    } else {
      std::memcpy(storage_.bytes, bytes.get(), size);
    }
  }
  /// The first `size` bytes of a block; more than the object itself can hold.
  Payload(std::unique_ptr<OwnedBlock> block, std::uint32_t size) : size_(size | in_block) {
    storage_.block = block.release();
  }
  Payload(Payload&& other) noexcept
      : storage_(other.storage_), size_(std::exchange(other.size_, 0)) {}
  Payload& operator=(Payload&& other) noexcept {
    std::swap(storage_, other.storage_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Payload() {
    if (size_ > inline_size) drop();
  }

  char* data() { return const_cast<char*>(std::as_const(*this).data()); }
  const char* data() const {
    if (size_ <= inline_size) return storage_.bytes;
    return block() != nullptr ? block()->data : storage_.heap;
  }
  std::uint32_t size() const { return size_ & ~in_block; }
  std::string_view view() const { return {data(), size()}; }
  /// Null: the bytes are in no block.
  const OwnedBlock* block() const { return (size_ & in_block) != 0 ? storage_.block : nullptr; }

 private:
  static constexpr std::uint32_t in_block = 0x8000'0000;
  void drop() {
    if ((size_ & in_block) != 0) {
      delete storage_.block;
    } else {
      delete[] storage_.heap;
    }
  }

  static constexpr std::uint32_t inline_size = 20;
  union __attribute__((packed, aligned(4))) Storage {
    char bytes[inline_size];
    char* heap;
    OwnedBlock* block;
  };
  Storage storage_{};
  std::uint32_t size_ = 0;
};
static_assert(sizeof(Payload) == 24);

}  // namespace procfarm
