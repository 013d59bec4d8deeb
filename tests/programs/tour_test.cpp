// SPDX-License-Identifier: MIT
// tour_test.cpp - what the tour prints is what docs/examples.md says, for each executor.
#include <doctest/doctest.h>

#include <string>

#include "child.hpp"

using namespace programs;

namespace {

/// What the documentation shows below `$ command`, up to the end of its block.
std::string documented(const std::string& command) {
  const std::string page = read_file(std::string(EXAMPLES_SOURCE) + "/../docs/examples.md");
  const std::string head = "$ " + command + "\n";
  const std::size_t at = page.find(head);
  REQUIRE(at != std::string::npos);
  const std::size_t begin = at + head.size();
  return page.substr(begin, page.find("```", begin) - begin);
}

}  // namespace

TEST_CASE("tour: every executor prints what the documentation shows") {
  ScratchDirectory directory;
  for (const std::string with : {"processes", "threads", "serial"}) {
    CAPTURE(with);
    const Ending ending = run_example(directory, "tour", {"--with", with});
    CAPTURE(ending.err);
    CHECK(ending.exit_code == 0);
    CHECK(ending.out == documented("build/debug/examples/tour --with " + with));
  }
}

TEST_CASE("tour: an executor that there is not is refused") {
  ScratchDirectory directory;
  CHECK(run_example(directory, "tour", {"--with", "ships"}).exit_code == 1);
}
