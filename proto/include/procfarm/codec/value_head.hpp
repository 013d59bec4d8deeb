// SPDX-License-Identifier: MIT
// value_head.hpp - what the first bytes of a msgpack value say, and what that is called in errors.
// The format: https://github.com/msgpack/msgpack/blob/master/spec.md.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

namespace procfarm::detail {

/// What a value is, by its first byte; `end`: there is none.
enum class ValueKind : std::uint8_t {
  nil,
  boolean,
  integer,
  floating,
  string,
  binary,
  extension,
  array,
  map,
  invalid,
  end
};

/// The first bytes of a value, as numbers.
struct ValueHead {
  ValueKind kind = ValueKind::invalid;
  bool negative = false;  // integer: bits are those of an int64
  bool narrow = false;    // floating: bits are those of a float
  std::int8_t extension_type = 0;
  std::uint64_t bits = 0;  // the number, or the length, or the count
};

constexpr ValueKind kind_of(unsigned tag) noexcept {
  using Kind = ValueKind;
  if (tag < 0x80 || tag >= 0xe0) return Kind::integer;
  if (tag < 0x90) return Kind::map;
  if (tag < 0xa0) return Kind::array;
  if (tag < 0xc0) return Kind::string;
  constexpr Kind table[32] = {Kind::nil,       Kind::invalid,   Kind::boolean,   Kind::boolean,
                              Kind::binary,    Kind::binary,    Kind::binary,    Kind::extension,
                              Kind::extension, Kind::extension, Kind::floating,  Kind::floating,
                              Kind::integer,   Kind::integer,   Kind::integer,   Kind::integer,
                              Kind::integer,   Kind::integer,   Kind::integer,   Kind::integer,
                              Kind::extension, Kind::extension, Kind::extension, Kind::extension,
                              Kind::extension, Kind::string,    Kind::string,    Kind::string,
                              Kind::array,     Kind::array,     Kind::map,       Kind::map};
  return table[tag - 0xc0];
}

/// Of a floating one.
inline double number(const ValueHead& head) {
  return head.narrow
             ? static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(head.bits)))
             : std::bit_cast<double>(head.bits);
}

/// "int8" ... "uint64", by what the type can hold.
template <class T>
constexpr const char* integer_name() {
  constexpr std::array<const char*, 8> names = {"int8",  "uint8",  "int16", "uint16",
                                                "int32", "uint32", "int64", "uint64"};
  return names[2 * (std::bit_width(sizeof(T)) - 1) + (std::is_signed_v<T> ? 0 : 1)];
}

/// For the texts of errors.
inline std::string describe(const ValueHead& head) {
  using Kind = ValueKind;
  const auto text = std::to_string(head.bits);
  switch (head.kind) {
    case Kind::nil: return "nil";
    case Kind::boolean: return head.bits != 0 ? "true" : "false";
    case Kind::integer:
      return head.negative ? std::to_string(static_cast<std::int64_t>(head.bits)) : text;
    case Kind::floating: return std::to_string(number(head));
    case Kind::string: return "string of " + text;
    case Kind::binary: return "binary of " + text;
    case Kind::extension: return "extension of " + text;
    case Kind::array: return "array of " + text;
    case Kind::map: return "map of " + text;
    case Kind::end: return "the end of the data";
    case Kind::invalid: break;
  }
  return "a byte that begins nothing";
}

}  // namespace procfarm::detail
