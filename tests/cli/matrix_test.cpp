// SPDX-License-Identifier: MIT
// matrix_test.cpp - product, include and exclude.
#include "coordinator/cli/matrix.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

using namespace procfarm::cli;

namespace {

/// All arguments and the result as JSON; `lists` is {"include": [...], "exclude": [...]}.
std::string expanded(const char* axes, const char* lists = "{}") {
  const Value parsed = Value::parse(lists);
  const auto list = [&parsed](const char* key) {
    return parsed.value(key, Value::array()).get<std::vector<Value>>();
  };
  return Value(expand_matrix(Value::parse(axes), list("include"), list("exclude"))).dump();
}

std::string refusal(const char* axes, const char* lists = "{}") {
  try {
    return expanded(axes, lists);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("the product keeps the order of keys, and the last varies fastest") {
  CHECK(expanded(R"({"z": [1, 2], "a": ["x", "y"]})") ==
        R"([{"z":1,"a":"x"},{"z":1,"a":"y"},{"z":2,"a":"x"},{"z":2,"a":"y"}])");
  CHECK(expanded("{}") == "[]");
}

TEST_CASE("exclude drops what agrees with all its members") {
  const char* axes = R"({"tool": ["gzip", "xz"], "level": [1, 9]})";
  CHECK(expanded(axes, R"({"exclude": [{"tool": "xz", "level": 9}]})") ==
        R"([{"tool":"gzip","level":1},{"tool":"gzip","level":9},{"tool":"xz","level":1}])");
  CHECK(expanded(axes, R"({"exclude": [{"level": 9}, {"tool": "xz"}]})") ==
        R"([{"tool":"gzip","level":1}])");
  CHECK(expanded(axes, R"({"exclude": [{"level": "9"}]})").find('9') != std::string::npos);
}

TEST_CASE("include extends what it does not contradict, else adds") {
  CHECK(expanded(R"({"fruit": ["apple", "pear"], "animal": ["cat", "dog"]})",
                 R"({"include": [{"color": "green"}, {"color": "pink", "animal": "cat"},
                     {"fruit": "apple", "shape": "circle"}, {"fruit": "banana"},
                     {"fruit": "banana", "animal": "cat"}]})") ==
        R"([{"fruit":"apple","animal":"cat","color":"pink","shape":"circle"},)"
        R"({"fruit":"apple","animal":"dog","color":"green","shape":"circle"},)"
        R"({"fruit":"pear","animal":"cat","color":"pink"},)"
        R"({"fruit":"pear","animal":"dog","color":"green"},)"
        R"({"fruit":"banana"},{"fruit":"banana","animal":"cat"}])");
}

TEST_CASE("include alone gives its entries, and brings back what exclude dropped") {
  CHECK(expanded("{}", R"({"include": [{"a": 1}, {"a": 2}]})") == R"([{"a":1},{"a":2}])");
  CHECK(expanded(R"({"a": [1, 2]})", R"({"exclude": [{"a": 1}], "include": [{"a": 1, "b": 0}]})") ==
        R"([{"a":2},{"a":1,"b":0}])");
}

TEST_CASE("a matrix that cannot be meant is refused") {
  CHECK(refusal(R"({"a": 1})") == "matrix.a must be a list with at least one value");
  CHECK(refusal(R"({"a": []})") == "matrix.a must be a list with at least one value");
  CHECK(refusal("[]") == "matrix must be a table of lists");
  CHECK(refusal(R"({"level": [1]})", R"({"exclude": [{"levle": 1}]})") ==
        "exclude names 'levle', which the matrix has not (did you mean 'level'?)");
  CHECK(refusal(R"({"a": [1]})", R"({"exclude": [{}]})").starts_with("each entry of exclude"));
  CHECK(refusal(R"({"a": [1]})", R"({"include": [1]})").starts_with("each entry of include"));
}

TEST_CASE("a matrix too large to hold is refused before it is made") {
  Value axes = Value::object();
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
    axes[name] = std::vector<int>(10, 1);
  }
  CHECK_THROWS_WITH_AS((void)expand_matrix(axes), "matrix has more than ten million combinations",
                       std::invalid_argument);
}
