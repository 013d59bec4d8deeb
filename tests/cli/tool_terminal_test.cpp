// SPDX-License-Identifier: MIT
// tool_terminal_test.cpp - lines stay whole: what different things are written to one stream, on a
// terminal and elsewhere.
#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

/// A terminal of the test's own.
class Terminal {
 public:
  Terminal() : fd_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    REQUIRE(fd_ >= 0);
    REQUIRE(::grantpt(fd_) == 0);
    REQUIRE(::unlockpt(fd_) == 0);
    path_ = ::ptsname(fd_);
  }
  ~Terminal() { ::close(fd_); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  const std::string& path() const { return path_; }

  /// All that is written to it until nobody has it open any more.
  std::string read_to_end() const {
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t count = 0; (count = ::read(fd_, buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  int fd_;
  std::string path_;
};

}  // namespace

TEST_CASE("terminal: no event is written behind the status line") {
  ToolBench bench;
  const Terminal terminal;
  bench.write("job.toml",
              "[[task]]\nname = \"t\"\nforeach = { range = [1, 3] }\n"
              "command = [\"sleep\", \"0.25\"]\n");
  ToolProcess tool(
      bench, {"run", "job.toml", "-j", "1", "--json"},
      {.out_path = terminal.path(), .err_path = terminal.path(), .environment = {"TERM=xterm"}});
  const std::string text = terminal.read_to_end();
  CHECK(tool.wait().exit_code == 0);
  std::size_t events = 0;
  for (auto at = text.find("{\"event\""); at != std::string::npos;
       at = text.find("{\"event\"", at + 1), ++events) {
    const std::string before = text.substr(0, at);
    CHECK((before.empty() || before.ends_with('\n') || before.ends_with("\r\x1b[K")));
  }
  CHECK(events == 5);
}

TEST_CASE("terminal: elsewhere a line that a task left unfinished ends before one of ours") {
  const ToolResult result =
      run_tool(ToolBench(), {"each", "-", "--", "sh", "-c", "printf warn >&2"}, {.input = "x\n"});
  CHECK(contains(result.err, "\nwarn\n Summary"));
  const ToolResult whole =
      run_tool(ToolBench(), {"each", "-", "--", "sh", "-c", "echo warn >&2"}, {.input = "x\n"});
  CHECK(contains(whole.err, "\nwarn\n Summary"));
}
