// SPDX-License-Identifier: MIT
// tool_halt_test.cpp - runs that end early: whether work is left is told by what was not read, and
// by nothing else.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <string_view>

#include "support/patience.hpp"
#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

/// A pipe with a name that a tool reads while the test writes.
class Fifo {
 public:
  explicit Fifo(const std::string& path) {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    fd_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);  // waits for no reader
    REQUIRE(fd_ >= 0);
  }
  ~Fifo() { close(); }
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;

  void write(std::string_view text) const {
    REQUIRE(::write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

}  // namespace

TEST_CASE("halt: what was not read of a stream of tasks is work left") {
  ToolBench bench;
  Fifo stream(bench.path("tasks.jsonl"));
  ToolProcess tool(bench, {"run", "tasks.jsonl", "-j", "1", "--halt", "soon,done=1"});
  stream.write("{\"command\": [\"true\"]}\n");
  const ToolResult result = tool.wait();
  CHECK(result.exit_code == 5);
  CHECK(contains(result.err, "1 passed"));
  CHECK(contains(result.err, "stopped early, work is left"));
  CHECK(contains(run_tool(bench, {"status"}).out, "stopped"));
}

TEST_CASE("halt: SIGUSR2 while a stream of tasks has nothing to do leaves work") {
  ToolBench bench;
  Fifo stream(bench.path("tasks.jsonl"));
  ToolProcess tool(bench, {"run", "tasks.jsonl", "-v"});
  stream.write("{\"command\": [\"true\"]}\n");
  REQUIRE(support::eventually([&tool] { return contains(tool.err(), "line1"); }));
  tool.send(SIGUSR2);
  CHECK(tool.wait().exit_code == 5);
}
