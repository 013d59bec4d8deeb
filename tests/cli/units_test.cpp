// SPDX-License-Identifier: MIT
// units_test.cpp - durations and sizes: what is accepted, what is refused and why.
#include "coordinator/cli/units.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>
#include <string>

using namespace procfarm::cli;
using namespace std::chrono_literals;

namespace {

template <class Parse>
std::string refusal(Parse parse, const std::string& text) {
  try {
    (void)parse(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("durations are read exactly") {
  struct {
    const char* text;
    Duration expected;
  } const rows[] = {
      {"1h 30m", 90min},
      {"1h30m", 90min},
      {"250ms", 250ms},
      {"1.5s", 1500ms},
      {"0", 0ns},
      {"0s", 0ns},
      {"0.0", 0ns},
      {" 2 d ", 48h},
      {"1us", 1us},
      {"7ns", 7ns},
      {"0.1s", 100ms},
      {"1.000000001s", 1000000001ns},
      {"1d 2h 3m 4s", 93784s},
      {"9223372036854775807ns", Duration::max()},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_duration(row.text) == row.expected);
  }
}

TEST_CASE("a duration that is no duration is refused with the accepted forms") {
  struct {
    const char* text;
    const char* why;
  } const rows[] = {
      {"5", "has no unit"},       {"1h 5", "has no unit"},
      {"-5s", "is negative"},     {"", "is empty"},
      {"  ", "is empty"},         {"s", "is not understood"},
      {"1.s", "no digit"},        {".5s", "not understood"},
      {"5x", "unknown unit 'x'"}, {"5S", "unknown unit 'S'"},
      {"1m 1h", "large units"},   {"1s 1s", "large units"},
      {"1e3s", "unknown unit"},   {"inf", "not understood"},
      {"300y", "unknown unit"},   {"9223372036854775808ns", "too large"},
      {"106752d", "too large"},   {"99999999999999999999999h", "too large"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const std::string text = refusal(parse_duration, row.text);
    CHECK_MESSAGE(contains(text, row.why), text);
    CHECK(contains(text, "\"1h 30m\""));
  }
}

TEST_CASE("on the command line a bare number is seconds") {
  CHECK(parse_duration_option("90") == 90s);
  CHECK(parse_duration_option("1.5") == 1500ms);
  CHECK(parse_duration_option("250ms") == 250ms);
  CHECK(contains(refusal(parse_duration_option, "1m 5"), "has no unit"));
  CHECK(contains(refusal(parse_duration_option, "-1"), "is negative"));
}

TEST_CASE("sizes are read with both kinds of units") {
  CHECK(parse_size("4GiB") == std::uint64_t{4} << 30);
  CHECK(parse_size("500MB") == 500'000'000);
  CHECK(parse_size("1.5 KiB") == 1536);
  CHECK(parse_size("1kB") == 1000);
  CHECK(parse_size("7B") == 7);
  CHECK(parse_size("2TiB") == std::uint64_t{2} << 40);
  CHECK(parse_size("0") == 0);
  CHECK(parse_size("18446744073709551615B") == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("a size that is no size is refused with the accepted forms") {
  struct {
    const char* text;
    const char* why;
  } const rows[] = {
      {"4", "has no unit"},
      {"4G", "unknown unit 'G'"},
      {"4gb", "unknown unit 'gb'"},
      {"-1B", "is negative"},
      {"", "is empty"},
      {"1GiB 1MiB", "is not understood"},
      {"18446744073709551616B", "too large"},
      {"16777216TiB", "too large"},
      {"nan", "not understood"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const std::string text = refusal(parse_size, row.text);
    CHECK_MESSAGE(contains(text, row.why), text);
    CHECK(contains(text, "\"4GiB\""));
  }
}

TEST_CASE("durations for people") {
  CHECK(format_duration(0ns) == "0 ns");
  CHECK(format_duration(850ns) == "850 ns");
  CHECK(format_duration(12'345us) == "12 ms");
  CHECK(format_duration(1230ms) == "1.2 s");
  CHECK(format_duration(59'999ms) == "59.9 s");
  CHECK(format_duration(185s) == "3 min 05 s");
  CHECK(format_duration(3599s) == "59 min 59 s");
  CHECK(format_duration(2h + 5min) == "2 h 05 min");
  CHECK(format_duration(76h) == "3 d 04 h");
  CHECK(format_duration(-2s) == "-2.0 s");
  CHECK(format_duration(Duration::min()).front() == '-');
}

TEST_CASE("sizes, rates and counts for people") {
  CHECK(format_size(0) == "0 B");
  CHECK(format_size(1023) == "1023 B");
  CHECK(format_size(1536) == "1.5 KiB");
  CHECK(format_size((1 << 20) - 1) == "1.0 MiB");
  CHECK(format_size(std::uint64_t{4} << 30) == "4.0 GiB");
  CHECK(format_size(std::numeric_limits<std::uint64_t>::max()) == "16.0 EiB");
  CHECK(format_rate(1234.4) == "1,234/s");
  CHECK(format_rate(8.54) == "8.5/s");
  CHECK(format_rate(9.97) == "10/s");
  CHECK(format_rate(0.5) == "30/min");
  CHECK(format_rate(0.001) == "3.6/h");
  CHECK(format_rate(0) == "0/s");
  CHECK(format_rate(std::numeric_limits<double>::infinity()) == "0/s");
  CHECK(format_count(0) == "0");
  CHECK(format_count(999) == "999");
  CHECK(format_count(1'000) == "1,000");
  CHECK(format_count(1'234'567) == "1,234,567");
}
