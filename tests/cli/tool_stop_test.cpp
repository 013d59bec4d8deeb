// SPDX-License-Identifier: MIT
// tool_stop_test.cpp - how a run is ended from outside: the stages of Ctrl-C, TERM, a reader that
// is gone, a full disk. Each leaves no process and the right exit code.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <set>
#include <string>

#include "support/patience.hpp"
#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

/// Two tasks that say when they have begun, wait for the file `go`, and are followed by many.
constexpr const char* waiting_job = R"(
[[task]]
name = "wait"
foreach = { range = [0, 19] }
shell = "touch begun-{{value}}; while ! test -e go; do sleep 0.01; done; echo x >> ended"
)";

constexpr const char* stubborn_job = R"(
[[task]]
name = "stubborn"
shell = "trap '' TERM INT; touch begun-0; touch begun-1; while :; do sleep 0.01; done"
grace = "1h"
)";

struct Running {
  explicit Running(const ToolBench& bench, const std::string& job)
      : tool(bench, arguments(bench, job)) {
    REQUIRE(support::eventually(
        [&bench] { return bench.exists("begun-0") && bench.exists("begun-1"); }));
  }
  static std::vector<std::string> arguments(const ToolBench& bench, const std::string& job) {
    bench.write("job.toml", job);
    return {"run", "job.toml", "-j", "2"};
  }
  void await(const std::string& text) {
    REQUIRE(support::eventually([this, &text] { return contains(tool.err(), text); }));
  }
  ToolProcess tool;
};

}  // namespace

TEST_CASE("stop: the first Ctrl-C starts nothing more and lets running tasks finish") {
  ToolBench bench;
  Running run(bench, waiting_job);
  run.tool.send(SIGINT);
  run.await("running tasks finish");
  bench.write("go", "");
  const ToolResult result = run.tool.wait();
  CHECK(result.exit_code == 130);
  CHECK(bench.read("ended") == "x\nx\n");
  CHECK_FALSE(bench.exists("begun-5"));
  CHECK(contains(result.err, "2 passed"));
}

TEST_CASE("stop: the second Ctrl-C ends the running tasks") {
  ToolBench bench;
  Running run(bench, waiting_job);
  run.tool.send(SIGINT);
  run.await("running tasks finish");
  run.tool.send(SIGINT);
  const ToolResult result = run.tool.wait();
  CHECK(result.exit_code == 130);
  CHECK_FALSE(bench.exists("ended"));
  CHECK(contains(result.err, "2 cancelled"));
}

TEST_CASE("stop: the third Ctrl-C kills what ignores the second") {
  ToolBench bench;
  Running run(bench, stubborn_job);
  run.tool.send(SIGINT);
  run.await("running tasks finish");
  run.tool.send(SIGINT);
  run.await("ending the running tasks");
  run.tool.send(SIGINT);
  CHECK(run.tool.wait().exit_code == 130);
}

TEST_CASE("stop: SIGTERM ends the running tasks at once") {
  ToolBench bench;
  Running run(bench, waiting_job);
  run.tool.send(SIGTERM);
  CHECK(run.tool.wait().exit_code == 143);
  CHECK_FALSE(bench.exists("ended"));
}

TEST_CASE("stop: what a task printed before it was ended is shown and kept") {
  ToolBench bench;
  std::string ending;
  SUBCASE("one that ends when it is asked to") { ending = "trap 'echo last words; exit 1' TERM"; }
  SUBCASE("one that has to be killed") { ending = "trap '' TERM"; }
  Running run(bench, R"(
[[task]]
name = "talk"
shell = """
)" + ending + R"(
echo first words; echo a complaint >&2
touch begun-0 begun-1
while :; do sleep 0.01; done"""
stdout = "show"
grace = "300ms"
)");
  run.tool.send(SIGTERM);
  const ToolResult result = run.tool.wait();
  CHECK(result.exit_code == 143);
  const bool listens = contains(ending, "last");
  const std::string words = listens ? "first words\nlast words\n" : "first words\n";
  CHECK(result.out == words);
  const ToolResult logs = run_tool(bench, {"logs", "last", "--raw"});
  CHECK(logs.out == words);
  CHECK(contains(logs.err, "a complaint\n"));
}

TEST_CASE("stop: SIGUSR2 drains and says that work is left") {
  ToolBench bench;
  Running run(bench, waiting_job);
  run.tool.send(SIGUSR2);
  run.await("SIGUSR2");
  bench.write("go", "");
  CHECK(run.tool.wait().exit_code == 5);
}

TEST_CASE("stop: SIGUSR1 prints what is running and changes nothing") {
  ToolBench bench;
  Running run(bench, waiting_job);
  run.tool.send(SIGUSR1);
  run.await("wait[1], for ");
  bench.write("go", "");
  CHECK(run.tool.wait().exit_code == 0);
}

TEST_CASE("stop: what is shown of a run that was ended is in its database") {
  ToolBench bench;
  Running run(bench, waiting_job);
  run.tool.send(SIGTERM);
  run.tool.wait();
  const ToolResult status = run_tool(bench, {"status"});
  CHECK(status.exit_code == 0);
  CHECK(contains(status.out, "cancelled"));
  std::set<std::string> left;
  for (const auto& each : std::filesystem::directory_iterator(bench.path(".procfarm/runs")))
    for (const auto& file : std::filesystem::directory_iterator(each))
      left.insert(file.path().filename());
  CHECK(left == std::set<std::string>{"lock", "run.db"});
}

TEST_CASE("stop: what was cancelled is counted as that, in the last event and in the status") {
  ToolBench bench;
  bench.write("job.toml", waiting_job);
  ToolProcess tool(bench, {"run", "job.toml", "-j", "2", "--json"});
  REQUIRE(
      support::eventually([&bench] { return bench.exists("begun-0") && bench.exists("begun-1"); }));
  tool.send(SIGTERM);
  CHECK(contains(tool.wait().out, "\"skipped\":0,\"cancelled\":2,"));
  const std::string status = run_tool(bench, {"status"}).out;
  CHECK(contains(status, "task  passed  failed  skipped  cancelled  running  retried"));
  CHECK(contains(status, "wait       0       0        0          2        0        0"));
}

TEST_CASE("stop: a reader that is gone ends the run with 141") {
  ToolBench bench;
  const std::string tool = std::getenv("PROCFARM_TOOL");
  bench.write("pipe.sh", "yes | '" + tool +
                             "' each - -j 2 -- echo 2>err | head -n 1 >first\n"
                             "echo ${PIPESTATUS[1]} > code\n");
  const std::string line = "cd '" + bench.path("") + "' && bash pipe.sh";
  CHECK(std::system(line.c_str()) == 0);
  CHECK(bench.read("first") == "y\n");
  CHECK(bench.read("code") == "141\n");
}

TEST_CASE("stop: a standard output that cannot be written is exit code 4") {
  ToolBench bench;
  const ToolResult result =
      run_tool(bench, {"each", "-", "--", "echo"}, {.input = "a\nb\nc\n", .out_path = "/dev/full"});
  CHECK(result.exit_code == 4);
  CHECK(contains(result.err, "No space left"));
}

TEST_CASE("stop: what only the last write finds out is in the summary and in the database") {
  ToolBench bench;
  ToolResult result;
  const std::string job = "[[task]]\nname = \"a\"\nshell = \"echo x\"\nstdout = \"show\"\n";
  bench.write("job.toml", job);
  SUBCASE("a block") {
    result = run_tool(bench, {"run", "job.toml"}, {.out_path = "/dev/full"});
    CHECK(contains(result.err, "standard output: No space left"));
    CHECK_FALSE(contains(result.err, "running tasks finish"));
  }
  SUBCASE("blocks in order") {
    result = run_tool(bench, {"run", "job.toml", "-k"}, {.out_path = "/dev/full"});
  }
  SUBCASE("events") {
    result = run_tool(bench, {"run", "job.toml", "--json"}, {.out_path = "/dev/full"});
  }
  SUBCASE("a job log") {
    result = run_job(bench, job, {"--joblog", "/dev/full"});
    CHECK(contains(result.err, "/dev/full: No space left"));
  }
  CHECK(result.exit_code == 4);
  CHECK(contains(result.err, "ended: an output could not be written"));
  const std::string status = run_tool(bench, {"status"}).out;
  CHECK(contains(status, "(exit code 4)"));
}

TEST_CASE("stop: into a pipe go no carriage returns and no escapes") {
  ToolBench bench;
  Running run(bench, waiting_job);
  run.tool.send(SIGUSR1);
  run.await("wait[1], for ");
  bench.write("go", "");
  const ToolResult result = run.tool.wait();
  CHECK_FALSE(contains(result.err, "\r"));
  CHECK_FALSE(contains(result.err, "\x1b"));
}
