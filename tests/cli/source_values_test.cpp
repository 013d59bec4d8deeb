// SPDX-License-Identifier: MIT
// source_values_test.cpp - ranges to the ends of the numbers, and values of the job file.
#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>
#include <string>

#include "source_rows.hpp"

using namespace procfarm::cli;

namespace {

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t greatest = std::numeric_limits<std::int64_t>::max();

Rows range(std::int64_t first, std::int64_t last, std::int64_t step = 1) {
  return all_rows(range_source(first, last, step));
}

}  // namespace

TEST_CASE("a range includes its last number if a step meets it") {
  CHECK(range(0, 2) == Rows{"value=0", "value=1", "value=2"});
  CHECK(range(0, 5, 2) == Rows{"value=0", "value=2", "value=4"});
  CHECK(range(2, -2, -2) == Rows{"value=2", "value=0", "value=-2"});
  CHECK(range(3, 3, -1) == Rows{"value=3"});
  CHECK(range(1, 0).empty());
  CHECK(range(0, 1, -1).empty());
  CHECK_THROWS_AS((void)range_source(0, 1, 0), std::invalid_argument);
}

TEST_CASE("a range does not overflow at the ends of the numbers") {
  CHECK(range(greatest - 1, greatest, 2) == Rows{"value=9223372036854775806"});
  CHECK(range(greatest - 1, greatest).size() == 2);
  CHECK(range(least, greatest, greatest) ==
        Rows{"value=-9223372036854775808", "value=-1", "value=9223372036854775806"});
  CHECK(range(greatest, least, least) == Rows{"value=9223372036854775807", "value=-1"});
  CHECK(range_source(0, 9)->count_hint() == 10);
  CHECK(range_source(1, 0)->count_hint() == 0);
  CHECK_FALSE(range_source(least, greatest)->count_hint());
  CHECK(range_source(least + 1, greatest)->count_hint() ==
        std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("skip and limit of a range cost nothing and are counted") {
  const auto source =
      range_source(0, greatest, 1, {.as = "i", .skip = 1'000'000'000'000, .limit = 2});
  CHECK(source->count_hint() == 2);
  CHECK(all_rows(source) == Rows{"i=1000000000000", "i=1000000000001"});
  CHECK(all_rows(range_source(0, 4, 2, {.skip = 3})).empty());
  CHECK(range_source(0, 4, 2, {.skip = 5})->count_hint() == 0);
  CHECK(all_rows(range_source(0, 4, 2, {.skip = 2})) == Rows{"value=4"});
  CHECK(all_rows(range_source(least, greatest, 1,
                              {.skip = std::numeric_limits<std::uint64_t>::max()})) ==
        Rows{"value=9223372036854775807"});
}

TEST_CASE("values keep their types; objects give their members") {
  const auto source = values_source({Value(1), Value("x"), Value::parse(R"({"b": 2, "a": true})"),
                                     Value::array({1, 2}), Value(nullptr)});
  CHECK(source->count_hint() == 5);
  CHECK(source->names() == Rows{"value", "b", "a"});
  const auto first = source->next();
  CHECK(first->fields[0].second.is_number_integer());
  CHECK(first->line == 1);
  CHECK(all_rows(source) == Rows{"value=x", "b=2;a=true", "value=[1,2]", "value=null"});
  CHECK(all_rows(values_source({Value(1)}, {.as = "n"})) == Rows{"n=1"});
}
