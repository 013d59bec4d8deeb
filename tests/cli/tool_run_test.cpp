// SPDX-License-Identifier: MIT
// tool_run_test.cpp - `procfarm run` as its users see it: what runs, in which order, how often, and
// what the exit code says.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tool_process.hpp"

using namespace procfarm::cli;

TEST_CASE("tool: a job that passes shows its output and exits with 0") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "hello"
command = ["echo", "hello, world"]
stdout = "show"
)");
  CHECK(result.exit_code == 0);
  CHECK(result.out == "hello, world\n");
  CHECK(contains(result.err, "1 passed"));
  CHECK(bench.exists(".procfarm/runs"));
}

TEST_CASE("tool: a job without tasks is no error") {
  ToolBench bench;
  const ToolResult result = run_job(bench, "");
  CHECK(result.exit_code == 0);
  CHECK(contains(result.err, "no tasks"));
}

TEST_CASE("tool: a wrong job is refused with its place, and nothing is started or made") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "first"
command = ["touch", "started"]
[[task]]
name = "second"
comand = ["true"]
)");
  CHECK(result.exit_code == 2);
  CHECK(contains(result.err, "job.toml:7:"));
  CHECK(contains(result.err, "command"));
  CHECK_FALSE(bench.exists("started"));
  CHECK_FALSE(bench.exists(".procfarm"));
}

TEST_CASE("tool: usage errors exit with 2 and make nothing") {
  ToolBench bench;
  bench.write("job.toml", "[[task]]\nname = \"a\"\ncommand = [\"touch\", \"started\"]\n");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"run", "job.toml", "-j", "0"},
        {"run", "job.toml", "--bogus"},
        {"run", "missing.toml"},
        {"run", "job.toml", "--only", "nobody"},
        {"run", "job.toml", "--only", "a[x]"}}) {
    const ToolResult result = run_tool(bench, arguments);
    CAPTURE(result.err);
    CHECK(result.exit_code == 2);
    CHECK_FALSE(bench.exists("started"));
    CHECK_FALSE(bench.exists(".procfarm"));
  }
}

TEST_CASE("tool: a failure is shown with the tail of its stderr and the command that shows more") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "broken"
shell = "echo the reason >&2; exit 7"
[[task]]
name = "fine"
command = ["true"]
)");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "FAIL"));
  CHECK(contains(result.err, "exit code 7"));
  CHECK(contains(result.err, "the reason"));
  CHECK(contains(result.err, "procfarm logs "));
  CHECK(contains(result.err, "1 passed, 1 failed"));
  CHECK(run_tool(bench, {"logs", "last", "broken"}).out.find("the reason") != std::string::npos);
}

TEST_CASE("tool: retries make further attempts, and only for what is named") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "flaky"
shell = "echo attempt {{attempt}} >> log; test {{attempt}} -ge 3 || exit 75"
retries = { count = 4, delay = "1ms", on = ["exit:75"] }
[[task]]
name = "final"
shell = "echo {{attempt}} >> finals; exit 1"
retries = { count = 4, on = ["exit:75"] }
)");
  CHECK(result.exit_code == 1);
  CHECK(bench.read("log") == "attempt 1\nattempt 2\nattempt 3\n");
  CHECK(bench.read("finals") == "1\n");
  CHECK(contains(result.err, "2 retried"));
}

TEST_CASE("tool: --retries counts further attempts") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "no"
shell = "echo x >> log; exit 1"
)",
                                    {"--retries", "2"});
  CHECK(result.exit_code == 1);
  CHECK(count_lines(bench.read("log")) == 3);
}

TEST_CASE("tool: a time limit ends the task with all it has started, and keeps what it wrote") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "slow"
shell = "echo before >&2; sleep 600 & sleep 600"
timeout = "200ms"
grace = "100ms"
)");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "timeout"));
  CHECK(contains(result.err, "before"));
}

TEST_CASE("tool: --timeout 0 takes the tasks' own limits away") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "slow"
shell = "sleep 0.1; echo done >> log"
timeout = "1ms"
)",
                                    {"--timeout", "0"});
  CHECK(result.exit_code == 0);
  CHECK(bench.read("log") == "done\n");
}

TEST_CASE("tool: needs give the order, a failure skips, when = failure and always run") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "after"
foreach = { range = [1, 5] }
shell = "echo after >> log"
needs = ["bad"]
[[task]]
name = "bad"
shell = "echo bad >> log; false"
[[task]]
name = "cleanup"
shell = "echo cleanup >> log"
needs = ["bad"]
when = "failure"
[[task]]
name = "report"
shell = "echo report >> log"
needs = ["cleanup", "after"]
when = "always"
)");
  CHECK(result.exit_code == 1);
  CHECK(bench.read("log") == "bad\ncleanup\nreport\n");
  CHECK(contains(result.err, "2 passed, 1 failed, 5 skipped"));
}

TEST_CASE("tool: --only reaches a row that is far away, in a range and in a file") {
  ToolBench bench;
  std::string lines;
  for (int i = 0; i < 20'000; ++i) lines += std::to_string(i) + "\n";
  bench.write("lines", lines);
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "range"
foreach = { range = [0, 5000000000000000] }
shell = "echo {{value}}"
stdout = "show"
[[task]]
name = "file"
foreach = { lines = "lines" }
shell = "echo {{line}}"
stdout = "show"
needs = ["range"]
)",
                                    {"--only", "range[4000000000000000]", "file[19999]"});
  CHECK(result.exit_code == 0);
  CHECK(result.out == "4000000000000000\n19999\n");
}

TEST_CASE("tool: --only runs what is selected and nothing else") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "many"
foreach = { range = [0, 9] }
shell = "echo {{value}} >> log"
[[task]]
name = "other"
shell = "echo other >> log"
)",
                                    {"--only", "many[3]", "many[7-8]", "-j", "1"});
  CHECK(result.exit_code == 0);
  CHECK(bench.read("log") == "3\n7\n8\n");
}

TEST_CASE("tool: cpus and pools bound what runs together") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[pools]
one = 1
[[task]]
name = "alone"
foreach = { range = [1, 6] }
shell = "mkdir busy && sleep 0.01 && rmdir busy"
pool = "one"
)",
                                    {"-j", "4"});
  CHECK(result.exit_code == 0);
  const ToolResult wide = run_job(bench, R"(
[[task]]
name = "wide"
foreach = { range = [1, 4] }
shell = "mkdir busy && sleep 0.01 && rmdir busy"
cpus = 2
)");
  CHECK(wide.exit_code == 0);
  CHECK(run_job(bench, "[[task]]\nname = \"x\"\ncommand = [\"true\"]\ncpus = 9\n").exit_code == 2);
}

TEST_CASE("tool: --halt stops early, with work left it is 5") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "many"
foreach = { range = [0, 99999] }
shell = "echo {{value}} >> log; exit 1"
)",
                                    {"-j", "1", "--halt", "soon,fail=2"});
  CHECK(result.exit_code == 5);
  CHECK(bench.read("log") == "0\n1\n");
  CHECK(contains(result.err, "--halt"));
}
