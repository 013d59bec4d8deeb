// SPDX-License-Identifier: MIT
// tool_data_test.cpp - what goes into a run and what comes out of it: rows, streams of tasks,
// files, events, the database.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tool_process.hpp"

using namespace procfarm::cli;

TEST_CASE("tool: foreach, matrix, files as targets and outputs of other tasks work together") {
  ToolBench bench;
  bench.write("names.txt", "one\ntwo\nthree\n");
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "greet"
foreach = { lines = "names.txt", as = "who" }
command = ["echo", "hello {{who}}"]
stdout = "out/{{index:02d}}-{{who}}.txt"
[[task]]
name = "cross"
matrix = { a = [1, 2], b = ["x", "y"] }
exclude = [{ a = 2, b = "y" }]
command = ["echo", "{{a}}{{b}}"]
stdout = "cross/{{a}}{{b}}"
[[task]]
name = "echoed"
foreach = { lines = "names.txt" }
command = ["printf", "%s", "{{line}}"]
[[task]]
name = "join"
foreach = { lines = "names.txt" }
needs = [{ task = "echoed", match = "same" }]
command = ["echo", "<{{echoed.stdout}}>"]
stdout = "join/{{index}}"
)");
  CAPTURE(result.err);
  CHECK(result.exit_code == 0);
  CHECK(bench.read("out/00-one.txt") == "hello one\n");
  CHECK(bench.read("out/02-three.txt") == "hello three\n");
  CHECK(bench.read("cross/1y") == "1y\n");
  CHECK(bench.exists("cross/2x"));
  CHECK_FALSE(bench.exists("cross/2y"));
  CHECK(bench.read("join/1") == "<two>\n");
}

TEST_CASE("tool: the target of a failed attempt is not there, nor is its temporary file") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "half"
shell = "echo half; exit 1"
stdout = "out/result"
)");
  CHECK(result.exit_code == 1);
  CHECK_FALSE(bench.exists("out/result"));
  CHECK(std::filesystem::is_empty(bench.path("out")));
}

TEST_CASE("tool: outputs that are missing fail the task, existing ones may skip it") {
  ToolBench bench;
  const std::string job = R"(
[[task]]
name = "liar"
command = ["true"]
outputs = ["promised"]
[[task]]
name = "once"
shell = "echo x >> made"
outputs = ["made"]
skip_if = "outputs-exist"
)";
  const ToolResult first = run_job(bench, job);
  CHECK(first.exit_code == 1);
  CHECK(contains(first.err, "outputs missing"));
  CHECK(contains(first.err, "promised"));
  run_job(bench, job);
  CHECK(bench.read("made") == "x\n");
}

TEST_CASE("tool: a bad row fails its instance, the others run") {
  ToolBench bench;
  bench.write("rows.jsonl", "{\"a\": 1}\nnonsense\n{\"a\": 3}\n");
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "row"
foreach = { jsonl = "rows.jsonl" }
shell = "echo {{a}} >> log"
)");
  CHECK(result.exit_code == 1);
  CHECK(count_lines(bench.read("log")) == 2);
  CHECK(contains(result.err, "rows.jsonl:2"));
}

TEST_CASE("tool: --dry-run prints the plan and runs nothing") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "touch"
command = ["touch", "started"]
)",
                                    {"--dry-run"});
  CHECK(result.exit_code == 0);
  CHECK(contains(result.out, "touch started"));
  CHECK_FALSE(bench.exists("started"));
  CHECK_FALSE(bench.exists(".procfarm"));
}

TEST_CASE("tool: JSON Lines are read as a stream; a bad line ends it and is named") {
  ToolBench bench;
  const ToolResult result = run_tool(bench, {"run", "-", "-j", "2"},
                                     {.input =
                                          R"({"name": "a", "shell": "echo a >> log"}
{"name": "b", "shell": "echo b >> log", "needs": ["a"]}
{"name": "c", "shel": "x"}
{"name": "d", "shell": "echo d >> log"}
)"});
  CHECK(result.exit_code == 2);
  CHECK(bench.read("log") == "a\nb\n");
  CHECK(contains(result.err, ":3"));
}

TEST_CASE("tool: --json tells what happens, one event per line, and nothing else") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "flaky"
shell = "echo out; test {{attempt}} -ge 2"
stdout = "show"
retries = 1
)",
                                    {"--json"});
  CHECK(result.exit_code == 0);
  std::istringstream lines(result.out);
  std::string events;
  for (std::string line; std::getline(lines, line);) {
    const auto event = nlohmann::json::parse(line);
    events += event.at("event").get<std::string>() + " ";
    if (event.at("event") == "task-finished") {
      CHECK(event.at("name") == "flaky");
      CHECK(event.at("attempt") == 2);
      CHECK(event.at("outcome") == "passed");
      CHECK(event.at("stdout") == "out\n");
    }
  }
  CHECK(events == "run-started attempt-finished task-finished run-finished ");
}

TEST_CASE("tool: without a database nothing is kept, and what needs it is refused") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "hello"
command = ["echo", "hello"]
stdout = "show"
)",
                                    {"--no-db"});
  CHECK(result.exit_code == 0);
  CHECK(result.out == "hello\n");
  CHECK_FALSE(bench.exists(".procfarm"));
  CHECK(run_job(bench, R"(
[[task]]
name = "a"
command = ["echo"]
[[task]]
name = "b"
needs = ["a"]
command = ["echo", "{{a.stdout}}"]
)",
                {"--no-db"})
            .exit_code == 2);
}

TEST_CASE("tool: an output that was cut short is no success, whatever its program says") {
  ToolBench bench;
  rlimit before{};  // to a program it makes no difference whether a disk or a limit is reached
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small{8U << 20U, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "large"
shell = "head -c 9000000 /dev/zero 2>/dev/null; true"
stdout = "large.out"
[[task]]
name = "small"
shell = "head -c 8000000 /dev/zero"
stdout = "small.out"
)");
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  CHECK(result.exit_code == 4);
  CHECK(contains(result.err, "large.out: what was printed may be cut short: File too large"));
  CHECK_FALSE(bench.exists("large.out"));
  CHECK(bench.read("small.out") == std::string(8'000'000, '\0'));
}

TEST_CASE("tool: an output that cannot be written makes the run 4") {
  ToolBench bench;
  bench.write("file", "");
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "no"
command = ["echo"]
stdout = "file/below"
)");
  CHECK(result.exit_code == 4);
}

TEST_CASE("data: rows that another task writes may be fewer than there were") {
  ToolBench bench;
  bench.write("rows", "a\nb\nc\n");
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "write"
shell = "echo d > rows"
[[task]]
name = "read"
foreach = { lines = "rows" }
needs = ["write"]
command = ["true", "{{line}}"]
)");
  CHECK(result.exit_code == 0);
  CHECK(contains(result.err, "2 passed"));
}
