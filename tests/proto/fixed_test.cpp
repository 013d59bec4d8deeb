// SPDX-License-Identifier: MIT
// fixed_test.cpp - numbers at their full width: all take the same room, come back bit for bit, and
// are what any reader of msgpack expects.
#include <procfarm/call.hpp>
#include <procfarm/codec.hpp>
#include <procfarm/wire/modules.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

using namespace procfarm;
using namespace std::string_literals;

namespace {

template <class T>
std::string full(T value) {
  Writer writer;
  writer.fixed(value);
  return std::string(writer.bytes());
}
template <class T>
std::string compact(T value) {
  Writer writer;
  codec<T>::encode(writer, value);
  return std::string(writer.bytes());
}
template <class T>
T decoded(const std::string& bytes) {
  return decode_all<T>(bytes.data(), bytes.size());
}
/// By the way that knows nothing of full widths.
template <class T>
T plain(const std::string& bytes) {
  Reader reader(bytes);
  if constexpr (std::same_as<T, bool>) {
    return reader.boolean();
  } else if constexpr (std::is_floating_point_v<T>) {
    return reader.floating<T>();
  } else {
    return reader.integer<T>();
  }
}
template <class T>
bool same_bits(T left, T right) {
  using Bytes = std::array<char, sizeof(T)>;
  return std::bit_cast<Bytes>(left) == std::bit_cast<Bytes>(right);
}
template <class T>
std::string refusal(const std::string& bytes) {
  try {
    decoded<T>(bytes);
  } catch (const CodecError& error) {
    return error.what();
  }
  return "";
}

template <class T>
void comes_back(T value) {
  const std::string bytes = full(value);
  CAPTURE(bytes.size());
  REQUIRE(bytes.size() == detail::fixed_size<T>);
  Reader reader(bytes);
  T got{};
  REQUIRE(reader.fixed(got));
  CHECK(same_bits(got, value));
  CHECK(reader.remaining() == 0);
  CHECK(same_bits(decoded<T>(bytes), value));
  CHECK(same_bits(plain<T>(bytes), value));
  CHECK(same_bits(decoded<T>(compact(value)), value));
}

/// Bytes of which some are missing are no number; nothing is read of them, or behind them.
template <class T>
void truncated_is_refused(T value) {
  const std::string bytes = full(value);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<char> part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    Reader reader(part.data(), part.size());
    T got{};
    CHECK_FALSE(reader.fixed(got));
    CHECK(reader.remaining() == size);
    CHECK_THROWS_AS(codec<T>::decode(reader), CodecError);
  }
}

template <class T>
void whole_type_comes_back() {
  using Limits = std::numeric_limits<T>;
  for (const T value : {T(0), T(1), Limits::min(), Limits::max(), Limits::lowest()}) {
    comes_back(value);
    truncated_is_refused(value);
  }
  if constexpr (std::is_integral_v<T> && !std::same_as<T, bool>) {
    for (int shift = 0; shift < 8 * static_cast<int>(sizeof(T)); ++shift) {
      const std::uint64_t power = std::uint64_t{1} << shift;
      for (const std::uint64_t value : {power - 1, power, power + 1, ~power, 0 - power}) {
        comes_back(static_cast<T>(value));
      }
    }
  }
}
template <class... T>
void whole_types_come_back() {
  (whole_type_comes_back<T>(), ...);
}

double weigh(std::int8_t a, bool b, float c, const std::uint64_t& d) {
  return a + (b ? 0.5 : 0) + c * static_cast<double>(d);
}
std::int64_t many(int, int, int, int, int, int, int, int, int, int, int, int, int, int, int last) {
  return last;
}
int too_many(int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int) {
  return 0;
}
int text(int, const std::string&) { return 0; }
int none() { return 0; }

/// Runs a call as a worker does.
template <class C>
std::string answer(const std::string& arguments) {
  Writer result;
  CallFrame frame{Reader(arguments), result};
  wire::FunctionTable::local().find(C::id())(frame);
  return std::string(result.bytes());
}

}  // namespace

TEST_CASE("numbers of every type come back at their full width") {
  whole_types_come_back<bool, char, signed char, unsigned char, short, unsigned short, int,
                        unsigned, long, unsigned long, long long, unsigned long long, wchar_t,
                        char8_t, char16_t, char32_t, float, double>();
}

TEST_CASE("floats at their full width come back bit for bit, NaN and infinities included") {
  using Limits = std::numeric_limits<double>;
  for (const double value : {-0.0, 0.1, -1e308, Limits::denorm_min(), Limits::infinity(),
                             -Limits::infinity(), std::nan("123"), -std::nan("")}) {
    comes_back(value);
    comes_back(static_cast<float>(value));
  }
}

TEST_CASE("the full width is msgpack: a tag and the bytes from the highest to the lowest") {
  CHECK(full(std::uint64_t{5}) == "\xcf\x00\x00\x00\x00\x00\x00\x00\x05"s);
  CHECK(full(std::int64_t{-2}) == "\xd3\xff\xff\xff\xff\xff\xff\xff\xfe"s);
  CHECK(full(std::uint32_t{0x01020304}) == "\xce\x01\x02\x03\x04"s);
  CHECK(full(std::int32_t{-3}) == "\xd2\xff\xff\xff\xfd"s);
  CHECK(full(std::uint16_t{258}) == "\xcd\x01\x02"s);
  CHECK(full(std::int16_t{-1}) == "\xd1\xff\xff"s);
  CHECK(full(std::uint8_t{7}) == "\xcc\x07"s);
  CHECK(full(std::int8_t{-7}) == "\xd0\xf9"s);
  CHECK(full(1.0F) == "\xca\x3f\x80\x00\x00"s);
  CHECK(full(1.0) == "\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00"s);
  CHECK(full(true) == "\xc3"s);
  CHECK(full(false) == "\xc2"s);
}

TEST_CASE("what comes at the full width of another type is read as any number is") {
  CHECK(decoded<int>(full(std::uint64_t{5})) == 5);
  CHECK(decoded<std::int64_t>(full(std::int8_t{-5})) == -5);
  CHECK(decoded<double>(full(2.5F)) == 2.5);
  CHECK(decoded<double>(full(7)) == 7.0);
  CHECK(refusal<std::uint8_t>(full(300)) == "expected uint8, got 300");
  CHECK(refusal<std::uint64_t>(full(-1)) == "expected uint64, got -1");
  CHECK(refusal<std::int64_t>(full(~std::uint64_t{0})) ==
        "expected int64, got 18446744073709551615");
  CHECK(refusal<float>(full(1e300)) != "");
  CHECK(refusal<bool>(full(std::uint8_t{1})) == "expected bool, got 1");
  CHECK(refusal<int>(full(true)) == "expected int32, got true");
  CHECK(refusal<int>(full(1.5)) == "expected int32, got 1.500000");
}

TEST_CASE("no first byte but its own is taken for a number at its full width") {
  for (unsigned tag = 0; tag < 256; ++tag) {
    const std::string bytes = static_cast<char>(tag) + "\x01\x02\x03\x04\x05\x06\x07\x08"s;
    const auto takes = [&bytes]<class T>(T value) { return Reader(bytes).fixed(value); };
    CHECK(takes(bool()) == (tag == 0xc2 || tag == 0xc3));
    CHECK(takes(float()) == (tag == 0xca));
    CHECK(takes(double()) == (tag == 0xcb));
    CHECK(takes(std::uint8_t()) == (tag == 0xcc));
    CHECK(takes(std::uint64_t()) == (tag == 0xcf));
    CHECK(takes(std::int8_t()) == (tag == 0xd0));
    CHECK(takes(std::int64_t()) == (tag == 0xd3));
  }
}

TEST_CASE("a call of numbers takes the same room whatever they are, and is understood") {
  using Weigh = StaticCall<&weigh, int, int, double, const std::uint8_t&>;
  static_assert(Weigh::fixed_width && Weigh::width() == 1 + 2 + 1 + 5 + 9);
  std::string arguments(Weigh::width(), '\0');
  for (const int a : {-128, 0, 127, 300}) {  // 300: converted as for a call
    Weigh::encode_fixed(arguments.data(), a, 2, 0.25, std::uint8_t{200});
    const double expected = weigh(static_cast<std::int8_t>(a), true, 0.25F, 200);
    CHECK(decoded<double>(answer<Weigh>(arguments)) == expected);
    Writer writer;
    Weigh::encode(writer, int(a), 2, 0.25, std::uint8_t{200});
    CHECK(decoded<double>(answer<Weigh>(std::string(writer.bytes()))) == expected);
  }
}

TEST_CASE("calls of as many numbers as one byte can count take the same room, no others") {
  using Many =
      StaticCall<&many, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int>;
  static_assert(Many::fixed_width && Many::width() == 1 + 15 * 5);
  std::string arguments(Many::width(), '\0');
  Many::encode_fixed(arguments.data(), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, -15);
  CHECK(decoded<std::int64_t>(answer<Many>(arguments)) == -15);
  static_assert(!StaticCall<&too_many, int, int, int, int, int, int, int, int, int, int, int, int,
                            int, int, int, int>::fixed_width);
  static_assert(!StaticCall<&text, int, std::string>::fixed_width);
  static_assert(!StaticCall<&none>::fixed_width);
  static_assert(!StaticCall<&weigh, int, std::vector<bool>::reference, float, int>::fixed_width);
  static_assert(!detail::FixedWidth<long double> && !detail::FixedWidth<std::byte>);
}

TEST_CASE("a number that a function returns comes at its full width") {
  using Many = StaticCall<&none>;
  CHECK(answer<Many>("\x90"s) == full(0));
}
