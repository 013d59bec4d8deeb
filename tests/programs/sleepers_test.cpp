// SPDX-License-Identifier: MIT
// sleepers_test.cpp - the program with short naps.
#include <doctest/doctest.h>

#include <string>

#include "child.hpp"

using namespace programs;

TEST_CASE("sleepers: every way and every order is told") {
  ScratchDirectory directory;
  const Ending ending = run_example(directory, "sleepers", {"--seconds", "0.03"});
  CAPTURE(ending.err);
  CAPTURE(ending.out);
  CHECK(ending.exit_code == 0);
  for (const char* part : {"10 naps of 0.03 s", "serial     1 at a time", "threads    5 at a time",
                           "processes  5 at a time", "times as fast as serial",
                           "as_completed: ", "map:          5 4 3 2 1 "}) {
    CAPTURE(part);
    CHECK(contains(ending.out, part));
  }
}

TEST_CASE("sleepers: an impossible length is refused") {
  ScratchDirectory directory;
  const Ending ending = run_example(directory, "sleepers", {"--seconds", "-1"});
  CHECK(ending.exit_code == 1);
  CHECK(contains(ending.err, "--seconds must be greater than 0"));
}
