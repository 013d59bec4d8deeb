// SPDX-License-Identifier: MIT
// codec_bytes.hpp - what tests of codecs share: two types that travel, values to bytes and back,
// and what refuses them.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <procfarm/codec.hpp>

namespace encoded {

using namespace procfarm;
using namespace std::string_literals;

struct Point {
  int x = 0;
  std::string label;
  MSGPACK_DEFINE(x, label)
  bool operator==(const Point&) const = default;
};
struct Settings {
  int depth = 0;
  std::vector<double> weights;
  MSGPACK_DEFINE_MAP(depth, weights)
  bool operator==(const Settings&) const = default;
};

inline std::string bytes_of(const auto& value) {
  Writer writer;
  encode(writer, value);
  return std::string(writer.bytes());
}
template <class T>
T read(const std::string& bytes) {
  return decode_all<T>(bytes.data(), bytes.size());
}
template <class T>
void comes_back(const T& value) {
  INFO(bytes_of(value).size(), " bytes");
  CHECK(read<T>(bytes_of(value)) == value);
}
template <class T>
std::string refusal(const std::string& bytes) {
  try {
    read<T>(bytes);
  } catch (const CodecError& error) {
    return error.what();
  }
  return "";
}

}  // namespace encoded
