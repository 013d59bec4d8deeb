// SPDX-License-Identifier: MIT
// utf8.hpp - reads text one character at a time, for columns and for escaping. Text from outside
// may be no UTF-8: a byte that begins no character stands for itself.
#pragma once

#include <cstddef>
#include <string_view>

namespace procfarm::cli {

struct Utf8Character {
  char32_t code = 0;     // of an invalid byte: the byte
  std::size_t size = 1;  // in bytes
  bool valid = true;
};

/// The first character of `text`, which is not empty. Overlong forms, surrogates and codes beyond
/// U+10FFFF are invalid; then the size is 1.
inline Utf8Character first_character(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1, true};
  const Utf8Character invalid{first, 1, false};
  const std::size_t size = first < 0xc2   ? 0
                           : first < 0xe0 ? 2
                           : first < 0xf0 ? 3
                           : first < 0xf5 ? 4
                                          : 0;
  if (size == 0 || text.size() < size) return invalid;
  char32_t code = first & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return invalid;
    code = (code << 6) | (byte(i) & 0x3fu);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  if (overlong || surrogate || code > 0x10ffff) return invalid;
  return {code, size, true};
}

}  // namespace procfarm::cli
