// SPDX-License-Identifier: MIT
// msgpack_json_test.cpp - every form of value becomes the JSON a person expects, and bad bytes an
// error.
#include "coordinator/cli/msgpack_json.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <procfarm/codec/containers.hpp>
#include <procfarm/codec/reader.hpp>
#include <string>
#include <vector>

namespace procfarm::cli {
namespace {

template <class T>
std::string json_of(const T& value) {
  Writer writer;
  codec<T>::encode(writer, value);
  return json_text(json_of_msgpack({writer.data(), writer.size()}));
}

TEST_CASE("single values keep their kind and precision") {
  CHECK(json_of(true) == "true");
  CHECK(json_of(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(json_of(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(json_of(-1) == "-1");
  CHECK(json_of(200) == "200");
  CHECK(json_of(0.1) == "0.1");
  CHECK(json_of(0.1F) == "0.1");
  CHECK(json_of(std::string("a\"b")) == R"("a\"b")");
  CHECK(json_of(std::monostate{}) == "null");
}

TEST_CASE("blocks of numbers become arrays, one extension for each kind of element") {
  CHECK(json_of(std::vector<std::int16_t>{-1, 2}) == "[-1,2]");
  CHECK(json_of(std::vector<std::uint16_t>{65535}) == "[65535]");
  CHECK(json_of(std::vector<int>{-70000, 1}) == "[-70000,1]");
  CHECK(json_of(std::vector<std::uint32_t>{4000000000U}) == "[4000000000]");
  CHECK(json_of(std::vector<std::int64_t>{-5000000000}) == "[-5000000000]");
  CHECK(json_of(std::vector<std::uint64_t>{1, 2}) == "[1,2]");
  CHECK(json_of(std::vector<float>{0.1F, 2.5F}) == "[0.1,2.5]");
  CHECK(json_of(std::vector<double>{0.1, -3}) == "[0.1,-3.0]");
  CHECK(json_of(std::vector<long double>{1.5L}) == "[1.5]");
  CHECK(json_of(std::vector<std::uint8_t>{0, 255}) == "[0,255]");
  CHECK(json_of(std::vector<double>{}) == "[]");
}

TEST_CASE("containers nest, and keys that are no text become text") {
  CHECK(json_of(std::vector<std::vector<int>>{{1}, {2, 3}}) == "[[1],[2,3]]");
  CHECK(json_of(std::map<std::string, int>{{"a", 1}, {"b", 2}}) == R"({"a":1,"b":2})");
  CHECK(json_of(std::map<int, std::string>{{7, "x"}}) == R"({"7":"x"})");
  CHECK(json_of(std::vector<std::string>{"p", "q"}) == R"(["p","q"])");
}

TEST_CASE("an extension that is not ours is told with its type") {
  CHECK(json_text(json_of_msgpack(std::string("\xd4\x05\x2a", 3))) ==
        R"({"extension":5,"bytes":[42]})");
}

TEST_CASE("bytes that are not exactly one value are an error") {
  for (const std::string& bytes :
       {std::string(), std::string("\xc1"), std::string("\x01\x02"), std::string("\xcd\x01"),
        std::string("\xdd\xff\xff\xff\xff"), std::string(100, '\x91')}) {
    CHECK_THROWS_AS(json_of_msgpack(bytes), CodecError);
  }
}

TEST_CASE("JSON that is encoded reads back as it was") {
  for (const char* text : {R"({"z":1,"a":[true,null,-5,0.1,"x"]})", "18446744073709551615",
                           "-9223372036854775808", "1e300", "[]", "{}", R"("")"}) {
    CHECK(json_text(json_of_msgpack(msgpack_of_json(Value::parse(text)))) ==
          json_text(Value::parse(text)));
  }
}

TEST_CASE("JSON arrays are accepted where a function takes a vector of numbers") {
  const std::string bytes = msgpack_of_json(Value::parse("[1, 2.5]"));
  Reader reader(bytes);
  CHECK(codec<std::vector<double>>::decode(reader) == std::vector<double>{1, 2.5});
}

}  // namespace
}  // namespace procfarm::cli
