// SPDX-License-Identifier: MIT
// codec_test.cpp - values come back as they were, and bytes that are not exactly a value are
// refused.
#include <procfarm/codec.hpp>

#include <chrono>
#include <cmath>
#include <complex>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "codec_bytes.hpp"

using namespace encoded;

namespace {

struct Outer {
  std::vector<Point> points;
  MSGPACK_DEFINE(points)
};
struct Celsius {  // has a codec and nothing else
  double degrees;
  explicit Celsius(double d) : degrees(d) {}
  bool operator==(const Celsius&) const = default;
};
struct Deep {  // a codec that recurses as deep as its bytes
  int levels;
};
struct Stranger {};
enum class Colour : std::uint8_t { red, green = 200 };

}  // namespace

template <>
struct procfarm::codec<Celsius> {
  static void encode(Writer& writer, const Celsius& value) { writer.float64(value.degrees); }
  static Celsius decode(Reader& reader) { return Celsius(reader.floating<double>()); }
};
template <>
struct procfarm::codec<Deep> {
  static void encode(Writer&, const Deep&) {}
  static Deep decode(Reader& reader) {
    const Reader::Nested nested(reader);
    if (reader.peek() != Reader::Kind::array) return reader.nil(), Deep{0};
    reader.array_header_exactly(1);
    return {decode(reader).levels + 1};
  }
};

TEST_CASE("integers of every width come back at and around the borders of each encoding") {
  for (int shift = 0; shift < 64; ++shift) {
    const std::uint64_t power = std::uint64_t{1} << shift;
    for (const std::uint64_t value : {power - 1, power, power + 1, ~power}) {
      comes_back(value);
      comes_back(static_cast<std::int64_t>(value));
      comes_back(static_cast<std::int16_t>(value));
      comes_back(static_cast<unsigned char>(value));
    }
  }
}

TEST_CASE("integers take the shortest form that msgpack has") {
  CHECK(bytes_of(127) == "\x7f"s);
  CHECK(bytes_of(128) == "\xcc\x80"s);
  CHECK(bytes_of(std::int64_t{65536}) == "\xce\x00\x01\x00\x00"s);
  CHECK(bytes_of(-32) == "\xe0"s);
  CHECK(bytes_of(-33) == "\xd0\xdf"s);
}

TEST_CASE("floats come back bit for bit, NaN and infinities included") {
  for (const double value : {0.0, -0.0, 1.5, 1e308, std::numeric_limits<double>::denorm_min(),
                             std::numeric_limits<double>::infinity()}) {
    comes_back(value);
    comes_back(static_cast<float>(value));
    comes_back(static_cast<long double>(value) / 3);
  }
  CHECK(std::isnan(read<double>(bytes_of(std::nan("")))));
  CHECK(std::signbit(read<double>(bytes_of(-0.0))));
}

TEST_CASE("standard types come back") {
  comes_back(true);
  comes_back('x');
  comes_back(Colour::green);
  comes_back("text with \0 in it"s);
  comes_back(std::string(70'000, 'a'));
  comes_back(std::wstring(L"wide"));
  comes_back(std::u8string(u8"eight"));
  comes_back(std::monostate());
  comes_back(std::chrono::milliseconds(-5));
  comes_back(std::chrono::duration<double>(2.5));
  comes_back(std::chrono::system_clock::now());
  comes_back(std::filesystem::path("/a/b"));
  comes_back(std::complex<double>(1, -2));
  comes_back(std::pair(1, "one"s));
  comes_back(std::tuple(1, "one"s, 2.5, std::vector<int>{}));
  comes_back(std::tuple<>());
  comes_back(std::pair<const std::string, const int>("one", 1));  // an element of a map
  comes_back(std::tuple<const std::string, int>("one", 1));
  comes_back(std::variant<int, const std::string>("one"));
}

TEST_CASE("containers come back, empty and nested") {
  comes_back(std::vector<std::string>{"a", "", "c"});
  comes_back(std::vector<bool>{true, false, true});
  comes_back(std::vector<std::vector<int>>{{1}, {}, {2, 3}});
  comes_back(std::vector<std::uint8_t>{0, 255});
  comes_back(std::vector<std::byte>{std::byte{7}});
  comes_back(std::array<std::string, 2>{"a", "b"});
  comes_back(std::array<double, 3>{1, 2, 3});
  comes_back(std::array<int, 0>{});
  comes_back(std::deque<int>{1, 2});
  comes_back(std::list<std::string>{"x"});
  comes_back(std::set<int>{3, 1});
  comes_back(std::multiset<int>{1, 1});
  comes_back(std::unordered_set<std::string>{"a", "b"});
  comes_back(std::map<std::string, std::vector<double>>{{"a", {1}}, {"b", {}}});
  comes_back(std::unordered_map<int, std::string>{{1, "x"}});
  comes_back(std::multimap<int, int>{{1, 2}, {1, 3}});
}

TEST_CASE("optionals and variants come back, also those whose value looks like nothing") {
  comes_back(std::optional<int>());
  comes_back(std::optional<int>(3));
  comes_back(std::optional<std::optional<int>>(std::optional<int>()));
  comes_back(std::optional<std::optional<int>>());
  comes_back(std::optional<std::monostate>(std::monostate()));
  comes_back(std::variant<int, std::string>("text"));
  comes_back(std::variant<std::monostate, int, int>(std::in_place_index<2>, 5));
  CHECK(*read<std::unique_ptr<int>>(bytes_of(std::make_unique<int>(4))) == 4);
  CHECK(read<std::shared_ptr<int>>(bytes_of(std::shared_ptr<int>())) == nullptr);
}

TEST_CASE("types of the user come back by MSGPACK_DEFINE, MSGPACK_DEFINE_MAP and codec") {
  comes_back(Point{3, "three"});
  comes_back(Settings{2, {0.5, 1}});
  comes_back(std::vector<Point>{{1, "a"}, {2, "b"}});
  comes_back(std::map<std::string, Settings>{{"x", {1, {}}}});
  comes_back(Celsius(21.5));
}

TEST_CASE("a vector of numbers is one block and may be given as a plain array") {
  CHECK(bytes_of(std::vector<double>(1000)).size() < 8 * 1000 + 16);
  CHECK(bytes_of(std::vector<std::int16_t>{1, -2}) == "\xc7\x04\x10\x01\x00\xfe\xff"s);
  CHECK(read<std::vector<double>>("\x92\x01\xca\x40\x20\x00\x00"s) == std::vector<double>{1, 2.5});
  CHECK(read<std::vector<std::uint8_t>>("\x92\x01\x02"s) == std::vector<std::uint8_t>{1, 2});
  CHECK(read<std::array<int, 2>>("\x92\x01\x02"s) == std::array<int, 2>{1, 2});
}

TEST_CASE("a block of another kind or with a broken element is refused") {
  const std::string floats = bytes_of(std::vector<float>{1, 2});
  CHECK(refusal<std::vector<double>>(floats) ==
        "expected a block of type 23, got type 22 with 8 bytes");
  CHECK(refusal<std::vector<double>>("\xc7\x05\x17zzzzz"s) != "");
  CHECK(refusal<std::array<float, 3>>(floats) == "expected 3 elements, got 2");
}

TEST_CASE("numbers that do not fit are refused by name and value") {
  CHECK(refusal<std::uint8_t>("\xcd\x01\x2c"s) == "expected uint8, got 300");
  CHECK(refusal<std::uint64_t>("\xff"s) == "expected uint64, got -1");
  CHECK(refusal<std::int64_t>(bytes_of(std::uint64_t{1} << 63)) ==
        "expected int64, got 9223372036854775808");
  CHECK(refusal<std::int8_t>(bytes_of(-129)) == "expected int8, got -129");
  CHECK(refusal<int>(bytes_of(1.5)) == "expected int32, got 1.500000");
  CHECK(refusal<float>(bytes_of(1e300)) != "");
}

TEST_CASE("values of another type are refused") {
  CHECK(refusal<int>("\xc3"s) == "expected int32, got true");
  CHECK(refusal<int>("\xc0"s) == "expected int32, got nil");
  CHECK(refusal<bool>("\x01"s) == "expected bool, got 1");
  CHECK(refusal<double>("\xa1x"s) == "expected double, got string of 1");
  CHECK(refusal<std::string>("\x05"s) == "expected string, got 5");
  CHECK(refusal<Point>("\x82\x01\x02\x03\x04"s) != "");
  CHECK(refusal<std::vector<int>>("\x80"s) == "expected array, got map of 0");
  CHECK(read<double>("\x07"s) == 7.0);  // a job file's 7 is a double's 7
}

TEST_CASE("sizes must fit exactly, also inside of MSGPACK_DEFINE") {
  CHECK(refusal<std::tuple<int, int>>("\x91\x01"s) == "expected array of 2, got array of 1");
  CHECK(refusal<std::pair<int, int>>("\x93\x01\x02\x03"s) != "");
  CHECK(refusal<Point>("\x91\x01"s) == "expected array of 2, got array of 1");
  CHECK(refusal<Point>("\x93\x01\xa0\x02"s) == "expected array of 2, got array of 3");
  CHECK(refusal<Settings>("\x81\xa5"s + "depth\x01"s) == "expected map of 2, got map of 1");
  CHECK(refusal<Outer>("\x91\x92\x92\x01\xa0\x91\x01"s) == "expected array of 2, got array of 1");
  CHECK(refusal<std::variant<int>>("\x92\x01\x05"s) == "expected one of 1 alternatives, got 1");
}

TEST_CASE("trailing bytes, repeated keys and repeated elements are refused") {
  CHECK(refusal<int>("\x01\x02\x03"s) == "2 trailing bytes");
  CHECK(refusal<std::map<int, int>>("\x82\x01\x01\x01\x02"s) == "a map with a key twice");
  CHECK(refusal<std::set<int>>("\x92\x01\x01"s) == "a set with an element twice");
}

TEST_CASE("lengths that promise more than there is are refused before anything is allocated") {
  for (const std::string& bomb :
       {"\xdd\xff\xff\xff\xff"s, "\xdf\xff\xff\xff\xff"s, "\xdb\xff\xff\xff\xff"s,
        "\xc6\xff\xff\xff\xff"s, "\xc9\xff\xff\xff\xff\x17"s, "\xdd\x10\x00\x00\x00\x01"s,
        "\x91\xdd\xff\xff\xff\xff"s}) {
    CHECK(refusal<std::vector<std::string>>(bomb) != "");
    CHECK(refusal<std::vector<double>>(bomb) != "");
    CHECK(refusal<std::map<int, int>>(bomb) != "");
    CHECK(refusal<std::string>(bomb) != "");
    CHECK(refusal<Point>(bomb) != "");
    CHECK(refusal<Outer>(bomb) != "");
  }
}

TEST_CASE("every truncation and every one-byte damage is refused or read, never worse") {
  using Everything = std::tuple<int, std::vector<double>, std::map<std::string, Point>,
                                std::optional<Settings>, std::variant<int, std::string>>;
  const std::string good =
      bytes_of(Everything{-5, {1, 2}, {{"a", {1, "b"}}}, Settings{1, {2}}, std::string("text")});
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK(refusal<Everything>(good.substr(0, size)) != "");
  }
  int refused = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string damaged = good;
      damaged[at] = static_cast<char>(value);
      if (!refusal<Everything>(damaged).empty()) ++refused;
    }
  }
  CHECK(refused > 1000);
}

TEST_CASE("nesting deeper than the limit is refused, by codecs and by what passes over values") {
  const auto nested = [](std::size_t levels) { return std::string(levels, '\x91') + "\xc0"; };
  CHECK(read<Deep>(nested(500)).levels == 500);
  CHECK(refusal<Deep>(nested(513)) == "nested deeper than 512 levels");
  CHECK(refusal<Point>(nested(100'000)) == "nested deeper than 512 levels");
}

TEST_CASE("a reader passes over any value") {
  Writer writer;
  encode(writer, std::tuple(Point{1, "a"}, std::vector<double>{1}, std::optional<int>(),
                            std::map<int, std::string>{{1, "x"}}));
  writer.unsigned_integer(42);
  Reader reader(writer.bytes());
  reader.skip();
  CHECK(reader.integer<int>() == 42);
  CHECK_THROWS_AS(reader.skip(), CodecError);
}

TEST_CASE("a writer fills the buffer it is given and then goes on elsewhere") {
  char buffer[8];
  Writer writer(buffer, sizeof buffer);
  writer.string("1234567");
  CHECK(writer.data() == buffer);
  CHECK_FALSE(writer.spilled());
  writer.string("89");
  CHECK(writer.spilled());
  CHECK(writer.bytes() == "\xa7"s + "1234567\xa2" + "89");
  writer.clear();
  CHECK(writer.size() == 0);
}

static_assert(Travels<Point> && Travels<Settings> && Travels<Celsius> && Travels<Colour>);
static_assert(Travels<std::map<std::string, std::vector<std::optional<Point>>>>);
static_assert(!Travels<Stranger> && !Travels<std::vector<Stranger>> && !Travels<int*>);
static_assert(!Travels<std::tuple<int, Stranger>> && !Travels<void>);
static_assert(Encodable<std::string_view> && !Travels<std::string_view>);
