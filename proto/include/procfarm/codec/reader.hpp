// SPDX-License-Identifier: MIT
// reader.hpp - a strict cursor over encoded bytes that may come from anyone.
// Every read says what it expects and throws CodecError ("expected uint8, got 300") otherwise.
// No length is believed before it is checked against the bytes that are left, nothing is allocated
// here, and nothing recurses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include <procfarm/codec/value_head.hpp>
#include <procfarm/codec/writer.hpp>

namespace procfarm {

/// Reads msgpack bytes. A value: copying it copies the position. One thread at a time. What it
/// returns as a view lies in the bytes that were given.
class Reader {
 public:
  /// Containers in each other: what recurses over so many needs about 0.5 MB of stack at most.
  static constexpr int depth_limit = 512;
  using Kind = detail::ValueKind;
  struct Extension {
    std::int8_t type;
    std::string_view bytes;
  };

  Reader(const char* data, std::size_t size) noexcept : at_(data), end_(data + size) {}
  explicit Reader(std::string_view bytes) noexcept : Reader(bytes.data(), bytes.size()) {}

  const char* position() const noexcept { return at_; }
  std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  /// What stands next; moves nothing.
  Kind peek() const noexcept { return at_ == end_ ? Kind::end : detail::kind_of(tag()); }
  /// Throws unless everything has been read.
  void finish() const {
    if (remaining() != 0) fail(std::to_string(remaining()) + " trailing bytes");
  }
  /// From here on errors begin with "argument n: "; 0 ends that.
  void name_argument(int n) noexcept { argument_ = n; }
  [[noreturn]] inline void fail(const std::string& text) const;

  void nil() { expect(Kind::nil, "nil"); }
  bool boolean() { return expect(Kind::boolean, "bool").bits != 0; }
  /// Reads a number that comes at its full width (fixed.hpp). False if anything else comes: then
  /// nothing was read.
  template <detail::FixedWidth T>
  bool fixed(T& value) noexcept {
    if (remaining() < detail::fixed_size<T> || !detail::read_fixed(at_, value)) return false;
    at_ += detail::fixed_size<T>;
    return true;
  }
  template <class Integer>
  Integer integer();
  /// Any integer or float, as T; a finite number that T cannot hold is refused.
  template <class Float>
  Float floating();
  /// Text; binary is accepted too.
  std::string_view string() {
    if (peek() == Kind::binary) return binary();
    return payload(expect(Kind::string, "string"));
  }
  /// Binary; text is accepted too.
  std::string_view binary() {
    if (peek() == Kind::string) return string();
    return payload(expect(Kind::binary, "binary"));
  }
  Extension extension() {
    const Head head = expect(Kind::extension, "extension");
    return {head.extension_type, payload(head)};
  }
  /// The number of values (map: pairs) that follow; never more than there are bytes for.
  std::size_t array_header() { return expect(Kind::array, "array").bits; }
  std::size_t map_header() { return expect(Kind::map, "map").bits; }
  void array_header_exactly(std::size_t count) {
    const Head head = expect(Kind::array, "array");
    if (head.bits != count) fail_expected("array of " + std::to_string(count), head);
  }
  /// Passes over one value, whatever it is, and checks its structure.
  inline void skip();

  /// Held while the inside of a container is read: bounds the recursion of codecs.
  class Nested {
   public:
    explicit Nested(Reader& reader) : reader_(reader) {
      if (++reader_.depth_ > depth_limit) reader_.fail_depth();
    }
    ~Nested() { --reader_.depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    Reader& reader_;
  };

 private:
  using Head = detail::ValueHead;

  unsigned tag() const noexcept { return static_cast<unsigned char>(*at_); }
  inline Head head();
  inline void read_head(unsigned tag, Head& result);
  Head expect(Kind kind, const char* name) {
    const Head result = head();
    if (result.kind != kind) fail_expected(name, result);
    return result;
  }
  std::string_view payload(const Head& head) {
    const std::string_view view(at_, head.bits);
    at_ += head.bits;
    return view;
  }
  std::uint64_t big_endian(std::size_t width) {
    if (remaining() < width) fail("the data ends in the middle of a value");
    switch (width) {
      case 1: return take_big_endian<1>();
      case 2: return take_big_endian<2>();
      case 4: return take_big_endian<4>();
      default: return take_big_endian<8>();
    }
  }
  /// A width that is known needs no loop. The bytes must be there.
  template <std::size_t width>
  std::uint64_t take_big_endian() noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value = value << 8 | static_cast<unsigned char>(at_[i]);
    at_ += width;
    return value;
  }
  [[noreturn]] void fail_expected(const std::string& expected, const Head& got) const {
    fail("expected " + expected + ", got " + detail::describe(got));
  }
  [[noreturn]] void fail_depth() const {
    fail("nested deeper than " + std::to_string(depth_limit) + " levels");
  }

  const char* at_;
  const char* end_;
  int depth_ = 0;
  int argument_ = 0;
};

inline detail::ValueHead Reader::head() {
  Head result;
  if (at_ == end_) {
    result.kind = Kind::end;
    return result;
  }
  const unsigned first = tag();
  result.kind = detail::kind_of(first);
  ++at_;
  read_head(first, result);
  const bool sized = result.kind >= Kind::string && result.kind <= Kind::array;
  if ((sized && result.bits > remaining()) ||
      (result.kind == Kind::map && result.bits > remaining() / 2)) {
    fail(detail::describe(result) + " in " + std::to_string(remaining()) + " bytes");
  }
  return result;
}

inline void Reader::read_head(unsigned tag, Head& result) {
  if (tag < 0x80) {
    result.bits = tag;
  } else if (tag >= 0xe0) {
    result.negative = true;
    result.bits = static_cast<std::uint64_t>(static_cast<std::int64_t>(tag) - 0x100);
  } else if (tag < 0xa0) {
    result.bits = tag & 0x0f;
  } else if (tag < 0xc0) {
    result.bits = tag & 0x1f;
  } else if (result.kind == Kind::boolean) {
    result.bits = tag & 1;
  } else if (result.kind == Kind::binary) {
    result.bits = big_endian(std::size_t{1} << (tag - 0xc4));
  } else if (result.kind == Kind::extension) {
    result.bits = tag < 0xd0 ? big_endian(std::size_t{1} << (tag - 0xc7)) : 1ULL << (tag - 0xd4);
    result.extension_type = static_cast<std::int8_t>(big_endian(1));
  } else if (result.kind == Kind::floating) {
    result.narrow = tag == 0xca;
    result.bits = big_endian(result.narrow ? 4 : 8);
  } else if (result.kind == Kind::integer) {
    const std::size_t width = std::size_t{1} << (tag & 3);
    result.bits = big_endian(width);
    const unsigned unused = 64 - 8 * static_cast<unsigned>(width);
    const auto extended = static_cast<std::int64_t>(result.bits << unused) >> unused;
    result.negative = tag >= 0xd0 && extended < 0;
    if (result.negative) result.bits = static_cast<std::uint64_t>(extended);
  } else if (result.kind == Kind::string) {
    result.bits = big_endian(std::size_t{1} << (tag - 0xd9));
  } else if (result.kind == Kind::array || result.kind == Kind::map) {
    result.bits = big_endian((tag & 1) == 0 ? 2 : 4);
  }
}

template <class Integer>
Integer Reader::integer() {
  static_assert(std::is_integral_v<Integer>);
  const char* const name = detail::integer_name<Integer>();
  Head got{.kind = Kind::integer};
  if (const unsigned first = at_ == end_ ? 0 : tag(); first - 0xcc < 4) {  // most are unsigned
    ++at_;
    got.bits = big_endian(std::size_t{1} << (first & 3U));
  } else {
    got = expect(Kind::integer, name);
  }
  using Limits = std::numeric_limits<Integer>;
  if (got.negative) {
    const auto value = static_cast<std::int64_t>(got.bits);
    if (!std::is_signed_v<Integer> || value < static_cast<std::int64_t>(Limits::min())) {
      fail_expected(name, got);
    }
    return static_cast<Integer>(value);
  }
  if (got.bits > static_cast<std::uint64_t>(Limits::max())) fail_expected(name, got);
  return static_cast<Integer>(got.bits);
}

template <class Float>
Float Reader::floating() {
  const Head got = head();
  if (got.kind == Kind::integer) {
    return got.negative ? static_cast<Float>(static_cast<std::int64_t>(got.bits))
                        : static_cast<Float>(got.bits);
  }
  const char* const name = sizeof(Float) == 4 ? "float" : "double";
  if (got.kind != Kind::floating) fail_expected(name, got);
  const double value = detail::number(got);
  constexpr double largest = static_cast<double>(std::numeric_limits<float>::max());
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (sizeof(Float) == 4 && (value > largest || value < -largest) && value != infinity &&
      value != -infinity) {
    fail_expected(name, got);
  }
  return static_cast<Float>(value);
}

inline void Reader::skip() {
  std::uint64_t left[depth_limit + 1];  // values still to come, per level of nesting
  int depth = 0;
  left[0] = 1;
  while (true) {
    while (left[depth] == 0) {
      if (depth == 0) return;
      --depth;
    }
    --left[depth];
    const Head got = head();
    if (got.kind == Kind::invalid || got.kind == Kind::end) fail_expected("a value", got);
    if (got.kind == Kind::array || got.kind == Kind::map) {
      if (++depth > depth_limit) fail_depth();
      left[depth] = got.kind == Kind::map ? 2 * got.bits : got.bits;
    } else if (got.kind >= Kind::string && got.kind <= Kind::extension) {
      at_ += got.bits;
    }
  }
}

[[noreturn]] inline void Reader::fail(const std::string& text) const {
  throw CodecError(argument_ == 0 ? text : "argument " + std::to_string(argument_) + ": " + text);
}

}  // namespace procfarm
