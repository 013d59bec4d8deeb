// SPDX-License-Identifier: MIT
// codec_values.cpp - values of users' types out of any bytes: the first byte chooses the type. What
// can be read is written and read again to the same bytes; anything else is a CodecError.
#include "input.hpp"

#include <array>
#include <chrono>
#include <complex>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <variant>
#include <vector>

#include <procfarm/codec.hpp>

using namespace procfarm;

namespace {

struct Point {
  int x = 0;
  std::string label;
  MSGPACK_DEFINE(x, label)
};
struct Settings {
  int depth = 0;
  std::vector<double> weights;
  MSGPACK_DEFINE_MAP(depth, weights)
};
struct Tree {
  int value = 0;
  std::vector<Point> points;
  std::map<std::string, Settings> settings;
  MSGPACK_DEFINE(value, points, settings)
};

template <class T>
std::string bytes_of(const T& value) {
  Writer writer;
  encode(writer, value);
  return std::string(writer.bytes());
}

template <class T>
void comes_back(std::string_view bytes) {
  std::string once;
  try {
    once = bytes_of(decode_all<T>(bytes.data(), bytes.size()));
  } catch (const CodecError&) {
    return;
  }
  fuzz::expect(bytes_of(decode_all<T>(once.data(), once.size())) == once, "a value comes back");
}

using Check = void (*)(std::string_view);
constexpr Check checks[] = {
    comes_back<bool>,
    comes_back<std::int8_t>,
    comes_back<std::uint64_t>,
    comes_back<float>,
    comes_back<std::string>,
    comes_back<std::vector<int>>,
    comes_back<std::vector<std::vector<std::string>>>,
    comes_back<std::map<std::string, std::vector<double>>>,
    comes_back<std::set<std::int16_t>>,
    comes_back<std::tuple<int, std::string, bool>>,
    comes_back<std::optional<std::optional<int>>>,
    comes_back<std::variant<int, std::string, std::vector<bool>>>,
    comes_back<std::array<std::uint16_t, 3>>,
    comes_back<std::complex<double>>,
    comes_back<std::chrono::milliseconds>,
    comes_back<Point>,
    comes_back<Settings>,
    comes_back<Tree>,
    comes_back<std::vector<Tree>>,
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes = fuzz::text(data + 1, size - 1);
  checks[data[0] % std::size(checks)](bytes);
  try {
    Reader reader(bytes);
    reader.skip();
  } catch (const CodecError&) {
  }
  return 0;
}
