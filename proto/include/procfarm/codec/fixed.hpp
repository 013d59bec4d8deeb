// SPDX-License-Identifier: MIT
// fixed.hpp - numbers at their full width: a tag and the bytes in big-endian order, also where
// msgpack has a shorter form. All values of a type take the same room then, so that many of them
// can be written and read without looking at each.
// https://github.com/msgpack/msgpack/blob/master/spec.md
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace procfarm::detail {

template <class T>
concept FixedWidth = std::is_arithmetic_v<T> && !std::same_as<T, long double> &&
                     (sizeof(T) <= sizeof(std::uint64_t));

/// Bytes of a T, its tag included.
template <FixedWidth T>
inline constexpr std::size_t fixed_size = std::same_as<T, bool> ? 1 : 1 + sizeof(T);

/// What a T begins with. A bool is its tag.
template <FixedWidth T>
constexpr unsigned fixed_tag() {
  if (std::same_as<T, bool>) return 0xc2;
  if (std::is_floating_point_v<T>) return sizeof(T) == 4 ? 0xca : 0xcb;
  const auto width = static_cast<unsigned>(std::bit_width(sizeof(T)) - 1);
  return (std::is_signed_v<T> ? 0xd0 : 0xcc) + width;
}

constexpr std::uint8_t swapped(std::uint8_t bits) { return bits; }
constexpr std::uint16_t swapped(std::uint16_t bits) { return __builtin_bswap16(bits); }
constexpr std::uint32_t swapped(std::uint32_t bits) { return __builtin_bswap32(bits); }
constexpr std::uint64_t swapped(std::uint64_t bits) { return __builtin_bswap64(bits); }

template <std::size_t size>
using Bits = std::conditional_t<
    size == 1, std::uint8_t,
    std::conditional_t<size == 2, std::uint16_t,
                       std::conditional_t<size == 4, std::uint32_t, std::uint64_t>>>;

/// Writes fixed_size<T> bytes.
template <FixedWidth T>
void write_fixed(char* to, T value) {
  if constexpr (std::same_as<T, bool>) {
    *to = static_cast<char>(value ? 0xc3 : 0xc2);
  } else {
    *to = static_cast<char>(fixed_tag<T>());
    const auto bits = swapped(std::bit_cast<Bits<sizeof(T)>>(value));
    std::memcpy(to + 1, &bits, sizeof bits);
  }
}

/// Reads fixed_size<T> bytes; false if they are no T at its full width.
template <FixedWidth T>
bool read_fixed(const char* from, T& value) {
  const auto tag = static_cast<unsigned char>(*from);
  if constexpr (std::same_as<T, bool>) {
    value = tag == 0xc3;
    return (tag & 0xfe) == 0xc2;
  } else {
    if (tag != fixed_tag<T>()) return false;
    Bits<sizeof(T)> bits;
    std::memcpy(&bits, from + 1, sizeof bits);
    value = std::bit_cast<T>(swapped(bits));
    return true;
  }
}

}  // namespace procfarm::detail
