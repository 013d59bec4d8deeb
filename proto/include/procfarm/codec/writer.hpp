// SPDX-License-Identifier: MIT
// writer.hpp - where encoded values go: bytes that grow, in the msgpack format.
// Small values cost no allocation: the first bytes lie inside the object (or in a buffer of the
// caller), more than that goes to the heap. Knows the format's heads; what a C++ type looks like is
// said by codec<T>.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <procfarm/codec/fixed.hpp>

namespace procfarm {

/// A value that cannot be encoded, or bytes that are not what the reader was told to expect.
class CodecError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where a writer takes large buffers from, instead of the heap. Any thread.
class WriterMemory {
 public:
  /// At least `size` bytes; null: none to be had.
  virtual char* take(std::size_t size) = 0;
  /// What take() returned, once.
  virtual void give_back(char* taken) noexcept = 0;

  /// Where a buffer goes: back to `memory`, or to the heap.
  struct Return {
    WriterMemory* memory = nullptr;
    void operator()(char* buffer) const noexcept {
      if (memory != nullptr) return memory->give_back(buffer);
      delete[] buffer;
    }
  };

 protected:
  ~WriterMemory() = default;
};

/// Appends msgpack bytes. Pinned, one thread at a time. `data()` is valid until the next write.
class Writer {
 public:
  static constexpr std::size_t inline_capacity = 256;
  static constexpr std::size_t large_buffer = 256 * 1024;

  Writer() noexcept : begin_(inline_), capacity_(inline_capacity) {}
  /// Writes into `buffer` as long as it suffices; it must outlive the writer.
  Writer(char* buffer, std::size_t capacity) noexcept : begin_(buffer), capacity_(capacity) {}
  /// Takes buffers of large_buffer bytes and more from `memory`, which must outlive the writer.
  explicit Writer(WriterMemory* memory) noexcept : Writer() { memory_ = memory; }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() = default;

  const char* data() const noexcept { return begin_; }
  std::size_t size() const noexcept { return size_; }
  std::string_view bytes() const noexcept { return {begin_, size_}; }
  /// True once the bytes did not fit into the first buffer.
  bool spilled() const noexcept { return heap_ != nullptr; }
  /// The bytes, if they lie in a buffer of the WriterMemory: it is the caller's from now on, and
  /// nothing more may be written. Else null.
  char* release() noexcept {
    return heap_.get_deleter().memory == nullptr ? nullptr : heap_.release();
  }
  /// Forgets what was written and keeps the memory.
  void clear() noexcept { size_ = 0; }
  /// Drops all bytes behind the first `size`.
  void truncate(std::size_t size) noexcept {
    if (size < size_) size_ = size;
  }

  /// Raw bytes that are already encoded.
  void write(const char* bytes, std::size_t count) {
    if (count != 0) std::memcpy(extend(count), bytes, count);
  }

  void nil() { *extend(1) = byte(0xc0); }
  void boolean(bool value) { *extend(1) = byte(value ? 0xc3 : 0xc2); }
  void unsigned_integer(std::uint64_t value) {
    if (value < 0x80) {
      *extend(1) = byte(value);
    } else if (value <= 0xff) {
      tagged(0xcc, static_cast<std::uint8_t>(value));
    } else if (value <= 0xffff) {
      tagged(0xcd, static_cast<std::uint16_t>(value));
    } else if (value <= 0xffffffff) {
      tagged(0xce, static_cast<std::uint32_t>(value));
    } else {
      tagged(0xcf, value);
    }
  }
  void signed_integer(std::int64_t value) {
    if (value >= 0) {
      unsigned_integer(static_cast<std::uint64_t>(value));
    } else if (value >= -32) {
      *extend(1) = static_cast<char>(value);
    } else if (value >= std::numeric_limits<std::int8_t>::min()) {
      tagged(0xd0, static_cast<std::uint8_t>(value));
    } else if (value >= std::numeric_limits<std::int16_t>::min()) {
      tagged(0xd1, static_cast<std::uint16_t>(value));
    } else if (value >= std::numeric_limits<std::int32_t>::min()) {
      tagged(0xd2, static_cast<std::uint32_t>(value));
    } else {
      tagged(0xd3, static_cast<std::uint64_t>(value));
    }
  }
  /// A number at its full width (fixed.hpp).
  template <detail::FixedWidth T>
  void fixed(T value) {
    detail::write_fixed(extend(detail::fixed_size<T>), value);
  }
  void float32(float value) { tagged(0xca, std::bit_cast<std::uint32_t>(value)); }
  void float64(double value) { tagged(0xcb, std::bit_cast<std::uint64_t>(value)); }

  /// Heads; the caller writes exactly that many values (map: pairs) behind them.
  void array_header(std::size_t count) { counted_head(count, 0x90, 0xdc, "array"); }
  void map_header(std::size_t count) { counted_head(count, 0x80, 0xde, "map"); }

  void string(std::string_view text) {
    const std::size_t count = checked(text.size(), "string");
    if (count < 32) {
      *extend(1) = byte(0xa0 | count);
    } else {
      sized_head(count, 0xd9);
    }
    write(text.data(), count);
  }
  void binary(const void* bytes, std::size_t count) {
    sized_head(checked(count, "binary block"), 0xc4);
    write(static_cast<const char*>(bytes), count);
  }
  void extension(std::int8_t type, const void* bytes, std::size_t count) {
    sized_head(checked(count, "binary block"), 0xc7);
    *extend(1) = static_cast<char>(type);
    write(static_cast<const char*>(bytes), count);
  }

 private:
  static char byte(std::uint64_t value) { return static_cast<char>(value); }

  char* extend(std::size_t count) {
    if (capacity_ - size_ < count) grow(count);
    char* const at = begin_ + size_;
    size_ += count;
    return at;
  }
  void grow(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / 2 - size_) throw std::bad_alloc();
    const std::size_t capacity = std::max(2 * capacity_, size_ + count);
    Buffer larger = make_buffer(capacity);
    if (size_ != 0) std::memcpy(larger.get(), begin_, size_);
    heap_ = std::move(larger);
    begin_ = heap_.get();
    capacity_ = capacity;
  }

  using Buffer = std::unique_ptr<char[], WriterMemory::Return>;

  Buffer make_buffer(std::size_t size) {
    if (memory_ != nullptr && size >= large_buffer) {
      if (char* taken = memory_->take(size)) return Buffer(taken, {memory_});
    }
    return Buffer(new char[size]);
  }

  template <class Unsigned>
  void tagged(unsigned tag, Unsigned value) {
    char* at = extend(1 + sizeof value);
    *at++ = byte(tag);
    for (int shift = 8 * (static_cast<int>(sizeof value) - 1); shift >= 0; shift -= 8) {
      *at++ = byte(static_cast<std::uint64_t>(value) >> shift);
    }
  }
  void counted_head(std::size_t count, unsigned small, unsigned tag16, const char* what) {
    if (count < 16) {
      *extend(1) = byte(small | count);
    } else if (count <= 0xffff) {
      tagged(tag16, static_cast<std::uint16_t>(count));
    } else {
      tagged(tag16 + 1, static_cast<std::uint32_t>(checked(count, what)));
    }
  }
  void sized_head(std::size_t count, unsigned tag8) {
    if (count <= 0xff) {
      tagged(tag8, static_cast<std::uint8_t>(count));
    } else if (count <= 0xffff) {
      tagged(tag8 + 1, static_cast<std::uint16_t>(count));
    } else {
      tagged(tag8 + 2, static_cast<std::uint32_t>(count));
    }
  }
  static std::size_t checked(std::size_t count, const char* what) {
    if (count > 0xffffffff) {
      throw CodecError(std::string(what) + " of " + std::to_string(count) +
                       " is longer than the limit of 4294967295");
    }
    return count;
  }

  char inline_[inline_capacity];  // left uninitialised: only what is written is read
  WriterMemory* memory_ = nullptr;
  Buffer heap_;
  char* begin_;
  std::size_t size_ = 0;
  std::size_t capacity_;
};

}  // namespace procfarm
