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

TEST_CASE("halt: the last row leaves no work") {
  ToolBench bench;
  bench.write("three", "1\n2\n3\n");
  bench.write("one", "1\n");
  const auto each = [&bench](const char* file, const char* policy, const char* command) {
    return run_tool(bench, {"each", file, "-j", "1", "--halt", policy, "--", command});
  };
  const ToolResult passed = each("three", "soon,done=3", "true");
  CHECK(passed.exit_code == 0);
  CHECK(contains(passed.err, "3 passed"));
  CHECK_FALSE(contains(passed.err, "work is left"));
  CHECK(each("three", "soon,fail=3", "false").exit_code == 1);
  CHECK(each("three", "soon,done=2", "true").exit_code == 5);
  CHECK(each("one", "soon,done=1", "true").exit_code == 0);
  CHECK(run_job(bench,
                "[[task]]\nname = \"a\"\nforeach = { lines = \"three\" }\nshell = \"true\"\n",
                {"--halt", "soon,done=3"})
            .exit_code == 0);
}

TEST_CASE("halt: the end of a pipe that is known leaves no work, an open one does") {
  ToolBench bench;
  Fifo rows(bench.path("rows"));
  ToolProcess tool(bench, {"each", "rows", "-j", "1", "--halt", "soon,done=2", "--shell",
                           "touch begun-{{line}}; while ! test -e go; do sleep 0.01; done"});
  rows.write("1\n2\n");
  REQUIRE(support::eventually([&bench] { return bench.exists("begun-1"); }));
  int left = 5;
  SUBCASE("open") {}
  SUBCASE("closed") {
    rows.close();
    left = 0;
  }
  bench.write("go", "");
  CHECK(tool.wait().exit_code == left);
}

TEST_CASE("halt: the last task of a stream leaves no work, a task that needs the last does") {
  ToolBench bench;
  const std::string task = "{\"name\": \"a\", \"command\": [\"true\"]}\n";
  bench.write("one.jsonl", task);
  bench.write("two.jsonl", task + "{\"command\": [\"true\"], \"needs\": [\"a\"]}\n");
  const auto run = [&bench](const char* file) {
    return run_tool(bench, {"run", file, "-j", "1", "--halt", "soon,done=1"}).exit_code;
  };
  CHECK(run("one.jsonl") == 0);
  CHECK(run("two.jsonl") == 5);
}
