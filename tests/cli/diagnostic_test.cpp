// SPDX-License-Identifier: MIT
// diagnostic_test.cpp - one line per error, near names, nothing dangerous on a terminal.
#include "coordinator/cli/diagnostic.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace procfarm::cli;

TEST_CASE("a job error is one line with place, trouble and advice") {
  const JobError error({"jobs.toml", 3, 7}, "unknown key 'timout'", "did you mean 'timeout'?");
  CHECK(std::string(error.what()) ==
        "jobs.toml:3:7: unknown key 'timout' (did you mean 'timeout'?)");
  CHECK(error.position() == Position{"jobs.toml", 3, 7});
  CHECK(error.message() == "unknown key 'timout'");
}

TEST_CASE("what is unknown of a place is left out") {
  CHECK(std::string(JobError({}, "no").what()) == "no");
  CHECK(std::string(JobError({"a.csv"}, "no").what()) == "a.csv: no");
  CHECK(std::string(JobError({"a.csv", 4}, "no").what()) == "a.csv:4: no");
  CHECK(to_string(Position{"", 4, 2}) == "line 4:2");
}

TEST_CASE("an error stays on its line, whatever the names in it contain") {
  const JobError error({"a\nb", 1, 1}, "bad \x1b[31mkey\r\n");
  CHECK(std::string(error.what()) == "a\\nb:1:1: bad \\x1b[31mkey\\r\\n");
}

TEST_CASE("the nearest name is suggested, and none when all are far") {
  const std::vector<std::string> keys{"timeout", "retries", "stdout", "name", "cwd"};
  CHECK(suggest("timout", keys) == "did you mean 'timeout'?");
  CHECK(suggest("retrys", keys) == "did you mean 'retries'?");
  CHECK(nearest_name("nmae", keys) == "name");
  CHECK(nearest_name("Name", keys) == "name");
  CHECK(suggest("frobnicate", keys).empty());
  CHECK(suggest("x", keys).empty());
  CHECK(suggest("--time", {"--timeout", "--retries"}) == "did you mean '--timeout'?");
  CHECK(suggest("--re", {"--results", "--resume"}).empty());
  CHECK(suggest("", keys).empty());
  CHECK(suggest("timeout", {}).empty());
}

TEST_CASE("control bytes, direction overrides and invalid UTF-8 are escaped, all else stays") {
  CHECK(escape_control("plain \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80") ==
        "plain \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  CHECK(escape_control(std::string_view("\0\x7f\t", 3)) == "\\x00\\x7f\\t");
  CHECK(escape_control("\xc2\x9b") == "\\u009b");
  CHECK(escape_control("\xe2\x80\xae") == "\\u202e");
  CHECK(escape_control("\xff\xc0\xaf") == "\\xff\\xc0\\xaf");
  CHECK(escape_control("\xed\xa0\x80") == "\\xed\\xa0\\x80");
  CHECK(escape_control("cut \xe2\x82") == "cut \\xe2\\x82");
}

TEST_CASE("what XML cannot hold is escaped, at the edges of what it can") {
  CHECK(escape_control("\xef\xbf\xbd\xef\xbf\xbe\xef\xbf\xbf\xf0\x90\x80\x80") ==
        "\xef\xbf\xbd\\ufffe\\uffff\xf0\x90\x80\x80");
  CHECK(escape_control("\xed\x9f\xbf\xed\xbf\xbf\xee\x80\x80") ==
        "\xed\x9f\xbf\\xed\\xbf\\xbf\xee\x80\x80");
  CHECK(escape_control("\xf4\x8f\xbf\xbf\xf4\x90\x80\x80") ==
        "\xf4\x8f\xbf\xbf\\xf4\\x90\\x80\\x80");
}

TEST_CASE("columns count characters, lines begin again at one") {
  const std::string text = "\xc3\xa4x\nyz";
  CHECK(position_at(text, 2, {"f", 5, 10}) == Position{"f", 5, 11});
  CHECK(position_at(text, 5, {"f", 5, 10}) == Position{"f", 6, 2});
  CHECK(position_at(text, 5, {"f", 0, 0}) == Position{"f", 0, 0});
}
