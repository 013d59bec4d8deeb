// SPDX-License-Identifier: MIT
// classify_test.cpp - the program with a small corpus whose outcome is known.
#include <doctest/doctest.h>

#include <string>

#include <fmt/core.h>

#include "child.hpp"

using namespace programs;

namespace {

/// A hundred packages of two sections, with words that tell which; one that is held out lies.
std::string corpus() {
  constexpr int packages = 100;
  constexpr int liar = 4;
  std::string dump;
  for (int i = 0; i < packages; ++i) {
    const bool game = i % 2 == 0;
    const bool seems_game = game && i != liar;
    dump += fmt::format("Package: p{0}\nDescription: {1} number {0}\nSection: {2}\n\n", i,
                        seems_game ? "Dragons and castles," : "telescope, orbits and STARS:",
                        game ? "games" : "science");
  }
  return dump;
}

}  // namespace

TEST_CASE("classify: all ways agree, and only the description that lies is mistaken") {
  ScratchDirectory directory;
  const Ending ending = run_example(
      directory, "classify", {"--input", directory.write("dump", corpus()), "--rounds", "2"});
  CAPTURE(ending.out);
  CAPTURE(ending.err);
  CHECK(ending.exit_code == 0);
  for (const char* part : {"80 descriptions learnt, 20 to guess, 2 times", "serial     1 at a time",
                           "threads    2 at a time", "processes  2 at a time", "a worker shares ",
                           "19 of 20 are right: 95.0 %"}) {
    CAPTURE(part);
    CHECK(contains(ending.out, part));
  }
}

TEST_CASE("classify: a file that is not there, or says nothing, is said") {
  ScratchDirectory directory;
  const Ending missing = run_example(directory, "classify", {"--input", "nowhere"});
  CHECK(missing.exit_code == 1);
  CHECK(contains(missing.err, "nowhere"));
  const Ending empty =
      run_example(directory, "classify", {"--input", directory.write("empty", "\n")});
  CHECK(empty.exit_code == 1);
  CHECK(contains(empty.err, "too few descriptions"));
}
