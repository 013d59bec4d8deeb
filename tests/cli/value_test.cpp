// SPDX-License-Identifier: MIT
// value_test.cpp - how values look inside strings, and the parts of paths.
#include "coordinator/cli/value.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

using namespace procfarm::cli;

TEST_CASE("values appear in text bare, short and so that they read back the same") {
  CHECK(text_of("a b\"c") == "a b\"c");
  CHECK(text_of("bytes \xff") == "bytes \xff");
  CHECK(text_of(42) == "42");
  CHECK(text_of(-1) == "-1");
  CHECK(text_of(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(text_of(0.1) == "0.1");
  CHECK(text_of(1.0) == "1.0");
  CHECK(text_of(-0.0) == "-0.0");
  CHECK(text_of(1e300) == "1e+300");
  CHECK(std::stod(text_of(1.0 / 3)) == 1.0 / 3);
  CHECK(text_of(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(text_of(true) == "true");
  CHECK(text_of(nullptr) == "null");
  CHECK(text_of(Value::parse(R"({"b": [1, "x"], "a": null})")) == R"({"b":[1,"x"],"a":null})");
  CHECK(text_of(Value::array({"\xff"})) == "[\"\xef\xbf\xbd\"]");
}

TEST_CASE("the parts of a path") {
  struct {
    const char* path;
    const char* stem;
    const char* name;
    const char* dir;
    const char* ext;
  } const rows[] = {
      {"a/b.tar.gz", "b.tar", "b.tar.gz", "a", ".gz"},  {"/x/y", "y", "y", "/x", ""},
      {"plain.txt", "plain", "plain.txt", ".", ".txt"}, {"/top", "top", "top", "/", ""},
      {"d/.hidden", ".hidden", ".hidden", "d", ""},     {"d/", "", "", "d", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    CHECK(path_part(row.path, PathPart::stem) == row.stem);
    CHECK(path_part(row.path, PathPart::name) == row.name);
    CHECK(path_part(row.path, PathPart::dir) == row.dir);
    CHECK(path_part(row.path, PathPart::ext) == row.ext);
  }
}
