// SPDX-License-Identifier: MIT
// scalars.hpp - codec<T>, the one customisation point, and how single values look: numbers, enums,
// text, times, paths. Containers stand in containers.hpp, everything else (msgpack-c) in codec.hpp.
//
// Vectors and arrays of numbers are one block: a msgpack extension with the elements in
// little-endian order. Its type says what they are:
//   16 int16   18 int32   20 int64   22 float    24 long double (x87, 16 bytes)
//   17 uint16  19 uint32  21 uint64  23 double
// Those of one-byte elements (char, int8, uint8, std::byte) are msgpack binary.
#pragma once

#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include <procfarm/codec/reader.hpp>

namespace procfarm {

static_assert(std::endian::native == std::endian::little, "blocks are little-endian");

/// How a T is encoded and decoded. Specialise it for a type of yours:
///   template <> struct procfarm::codec<Point> {
///     static void encode(Writer& writer, const Point& point);
///     static Point decode(Reader& reader);   // throws CodecError
///   };
/// Without a specialisation T's MSGPACK_DEFINE, MSGPACK_DEFINE_MAP or msgpack adaptor is used.
template <class T>
struct codec;

namespace detail {

template <class T>
constexpr bool can_encode() {
  if constexpr (!std::is_object_v<T>) {
    return false;
  } else if constexpr (requires { codec<T>::travels; }) {
    return codec<T>::travels;
  } else {
    return requires(Writer & writer, const T& value) { codec<T>::encode(writer, value); };
  }
}
template <class T>
constexpr bool can_decode() {
  if constexpr (can_encode<T>()) {
    return requires(Reader & reader) {
      { codec<T>::decode(reader) } -> std::same_as<T>;
    };
  } else {
    return false;
  }
}

template <class T>
concept ByteLike = sizeof(T) == 1 && !std::same_as<T, bool> &&
                   (std::is_integral_v<T> || std::same_as<T, std::byte>);
template <class T>
concept Block = std::is_arithmetic_v<T> && !std::same_as<T, bool> && !ByteLike<T>;

/// The extension type of a block of T.
template <Block T>
constexpr std::int8_t block_type() {
  if (std::is_floating_point_v<T>) return sizeof(T) == 4 ? 22 : sizeof(T) == 8 ? 23 : 24;
  const int width = std::bit_width(sizeof(T)) - 2;  // 2, 4, 8 bytes: 0, 1, 2
  return static_cast<std::int8_t>(16 + 2 * width + (std::is_signed_v<T> ? 0 : 1));
}

/// The elements of a block as a range; they may lie at any address.
template <class T>
class BlockView {
 public:
  class iterator {
   public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = T;
    explicit iterator(const char* at = nullptr) : at_(at) {}
    T operator*() const {
      T value;
      std::memcpy(&value, at_, sizeof(T));
      return value;
    }
    iterator& operator+=(difference_type count) {
      at_ += count * static_cast<difference_type>(sizeof(T));
      return *this;
    }
    iterator& operator++() { return *this += 1; }
    iterator& operator--() { return *this += -1; }
    friend difference_type operator-(iterator a, iterator b) {
      return (a.at_ - b.at_) / static_cast<difference_type>(sizeof(T));
    }
    bool operator==(const iterator&) const = default;

   private:
    const char* at_;
  };

  explicit BlockView(std::string_view bytes) : bytes_(bytes) {}
  const char* data() const { return bytes_.data(); }
  std::size_t size() const { return bytes_.size() / sizeof(T); }
  iterator begin() const { return iterator(bytes_.data()); }
  iterator end() const { return iterator(bytes_.data() + size() * sizeof(T)); }

 private:
  std::string_view bytes_;
};

template <class T>
concept Contiguous = Block<T> || ByteLike<T>;

/// False if a plain array comes next, which is accepted for any sequence.
template <Contiguous T>
bool block_comes_next(const Reader& reader) {
  const Reader::Kind kind = reader.peek();
  return ByteLike<T> ? kind != Reader::Kind::array : kind == Reader::Kind::extension;
}

template <Contiguous T>
BlockView<T> read_block(Reader& reader) {
  if constexpr (ByteLike<T>) {
    return BlockView<T>(reader.binary());
  } else {
    const Reader::Extension block = reader.extension();
    if (block.type != block_type<T>() || block.bytes.size() % sizeof(T) != 0) {
      reader.fail("expected a block of type " + std::to_string(block_type<T>()) + ", got type " +
                  std::to_string(block.type) + " with " + std::to_string(block.bytes.size()) +
                  " bytes");
    }
    return BlockView<T>(block.bytes);
  }
}

}  // namespace detail

template <class T>
concept Encodable = detail::can_encode<T>();
/// T can be an argument and a result.
template <class T>
concept Travels = Encodable<T> && detail::can_decode<T>();

namespace detail {
template <class... Ts>
inline constexpr bool all_encodable = (Encodable<std::remove_cv_t<Ts>> && ...);
}  // namespace detail

template <class T>
requires std::is_arithmetic_v<T>
struct codec<T> {
  static void encode(Writer& writer, T value) {
    if constexpr (std::same_as<T, bool>) {
      writer.boolean(value);
    } else if constexpr (std::same_as<T, long double>) {
      writer.extension(detail::block_type<T>(), &value, sizeof value);
    } else if constexpr (std::same_as<T, float>) {
      writer.float32(value);
    } else if constexpr (std::is_floating_point_v<T>) {
      writer.float64(value);
    } else if constexpr (std::is_signed_v<T>) {
      writer.signed_integer(value);
    } else {
      writer.unsigned_integer(value);
    }
  }
  static T decode(Reader& reader) {
    if constexpr (detail::FixedWidth<T>) {
      if (T value; reader.fixed(value)) return value;
    }
    if constexpr (std::same_as<T, bool>) {
      return reader.boolean();
    } else if constexpr (std::is_floating_point_v<T>) {
      if constexpr (std::same_as<T, long double>) {
        if (reader.peek() != Reader::Kind::extension) return reader.template floating<T>();
        const auto values = detail::read_block<T>(reader);
        if (values.size() != 1) reader.fail("expected one long double");
        return *values.begin();
      } else {
        return reader.template floating<T>();
      }
    } else {
      return reader.template integer<T>();
    }
  }
};

/// Enums travel as their number.
template <class T>
requires std::is_enum_v<T>
struct codec<T> {
  using Number = std::underlying_type_t<T>;
  static void encode(Writer& writer, T value) {
    codec<Number>::encode(writer, static_cast<Number>(value));
  }
  static T decode(Reader& reader) { return static_cast<T>(codec<Number>::decode(reader)); }
};

template <>
struct codec<std::string> {
  static void encode(Writer& writer, const std::string& text) { writer.string(text); }
  static std::string decode(Reader& reader) { return std::string(reader.string()); }
};

/// Views and literals can be sent; what receives them owns its text.
template <>
struct codec<std::string_view> {
  static void encode(Writer& writer, std::string_view text) { writer.string(text); }
};
template <>
struct codec<const char*> {
  static void encode(Writer& writer, const char* text) { writer.string(text); }
};
template <>
struct codec<char*> : codec<const char*> {};

template <>
struct codec<std::monostate> {
  static void encode(Writer& writer, std::monostate) { writer.nil(); }
  static std::monostate decode(Reader& reader) {
    reader.nil();
    return {};
  }
};

template <>
struct codec<std::filesystem::path> {
  static void encode(Writer& writer, const std::filesystem::path& path) {
    writer.string(path.native());
  }
  static std::filesystem::path decode(Reader& reader) { return std::string(reader.string()); }
};

/// Durations travel as their count, points of the system clock as the count since its epoch.
template <class Rep, class Period>
struct codec<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;
  static constexpr bool travels = Encodable<Rep>;
  static void encode(Writer& writer, Duration value) { codec<Rep>::encode(writer, value.count()); }
  static Duration decode(Reader& reader) { return Duration(codec<Rep>::decode(reader)); }
};
template <class Length>
struct codec<std::chrono::time_point<std::chrono::system_clock, Length>> {
  using Point = std::chrono::time_point<std::chrono::system_clock, Length>;
  static void encode(Writer& writer, Point point) {
    codec<Length>::encode(writer, point.time_since_epoch());
  }
  static Point decode(Reader& reader) { return Point(codec<Length>::decode(reader)); }
};

}  // namespace procfarm
