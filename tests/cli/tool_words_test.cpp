// SPDX-License-Identifier: MIT
// tool_words_test.cpp - what is said when something goes wrong names the thing itself, and its
// reason, once.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

/// Where the only run is kept.
std::filesystem::path only_run(const ToolBench& bench) {
  return std::filesystem::directory_iterator(bench.path(".procfarm/runs"))->path();
}

std::string said_by(const ToolBench& bench, const std::vector<std::string>& arguments) {
  return run_tool(bench, arguments).err;
}

}  // namespace

TEST_CASE("words: a job whose first line is bad is not called empty as well") {
  const ToolResult result = run_tool(ToolBench(), {"run", "-"}, {.input = "nonsense\n"});
  CHECK(result.exit_code == 2);
  CHECK(contains(result.err, "-:1:"));
  CHECK_FALSE(contains(result.err, "the job has no tasks"));
}

TEST_CASE("words: a job file with the ending of JSON is told which endings there are") {
  ToolBench bench;
  bench.write("k.json", "[]\n");
  for (const char* command : {"run", "plan"}) {
    const ToolResult result = run_tool(bench, {command, "k.json"});
    CHECK(result.exit_code == 2);
    CHECK(contains(result.err, "k.json: a job is TOML (.toml) or JSON Lines (.jsonl, .ndjson)"));
  }
}

TEST_CASE("words: runs that cannot be read are not called absent") {
  ToolBench bench;
  bench.write("job.toml", "[[task]]\nname = \"a\"\ncommand = [\"true\"]\n");
  bench.write(".procfarm/runs", "no folder");
  CHECK(contains(said_by(bench, {"status"}), "cannot read ./.procfarm/runs: Not a directory"));
  CHECK(contains(said_by(bench, {"run", "job.toml", "--resume"}), "Not a directory"));
}

TEST_CASE("words: a damaged run that may be the one to be resumed is named") {
  ToolBench bench;
  REQUIRE(run_job(bench, "[[task]]\nname = \"a\"\ncommand = [\"true\"]\n").exit_code == 0);
  const std::filesystem::path run = only_run(bench);
  std::ofstream(run / "run.db") << "nothing of a database";
  const ToolResult result = run_tool(bench, {"run", "job.toml", "--resume"});
  CHECK(result.exit_code == 2);
  CHECK(contains(result.err, "run " + run.filename().string() + ": "));
  CHECK(contains(result.err, "is not a run database"));
}

TEST_CASE("words: logs of what there is not say what there is not") {
  ToolBench bench;
  REQUIRE(run_job(bench,
                  "[[task]]\nname = \"s\"\nforeach = { range = [1, 6] }\nshell = \"exit 1\"\n"
                  "[[task]]\nname = \"one\"\ncommand = [\"true\"]\n")
              .exit_code == 1);
  CHECK(contains(said_by(bench, {"logs", "last", "failed", "--attempt", "99"}),
                 "no attempt 99 of 'failed'"));
  CHECK(contains(said_by(bench, {"logs", "last", "s[2]", "--attempt", "2"}),
                 "no attempt 2 of 's[2]'"));
  CHECK(contains(said_by(bench, {"logs", "last", "s[9]"}), "has no 's[9]': s has 6 instances"));
  CHECK(contains(said_by(bench, {"logs", "last", "one[1]"}), "has no 'one[1]': one has one"));
}

TEST_CASE("words: logs of a run without tasks, or without attempts, say so") {
  ToolBench bench;
  REQUIRE(run_job(bench, "name = \"nothing\"\n").exit_code == 0);
  CHECK(said_by(bench, {"logs", "last"}).ends_with(" has no tasks\n"));
  REQUIRE(run_job(bench, "[[task]]\nname = \"a\"\nforeach = { glob = \"*.none\" }\nshell = \"x\"\n")
              .exit_code == 0);
  CHECK(said_by(bench, {"logs", "last"}).ends_with(" has no attempt yet\n"));
}

TEST_CASE("words: an output that cannot be made is named as the job names it") {
  ToolBench bench;
  bench.write("blocked", "");
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "folder"
stdout = "blocked/out"
command = ["true"]
[[task]]
name = "file"
stdout = "/proc/nothing"
command = ["true"]
)");
  CHECK(result.exit_code == 4);
  CHECK(contains(result.err, "folder: output-write: "));
  CHECK(contains(result.err, "/blocked/out: Not a directory\n"));
  CHECK(contains(result.err, "file: output-write: /proc/nothing: No such file or directory\n"));
}

TEST_CASE("words: a job log that cannot be written is told with the reason") {
  ToolBench bench;
  const ToolResult result =
      run_job(bench, "[[task]]\nname = \"a\"\ncommand = [\"true\"]\n", {"--joblog", "/dev/full"});
  CHECK(result.exit_code == 4);
  CHECK(contains(result.err, "/dev/full: No space left on device"));
}

TEST_CASE("words: a failure names its limit, or what is missing, once") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "slow"
timeout = "50ms"
command = ["sleep", "600"]
[[task]]
name = "large"
memory = "32MiB"
shell = "tail /dev/zero"
[[task]]
name = "empty"
outputs = ["nothing"]
command = ["true"]
)");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "slow: timeout: the limit is 50 ms\n"));
  CHECK(contains(result.err, "large: memory: the limit is 32.0 MiB"));
  CHECK(contains(result.err, "empty: outputs missing: "));
}

TEST_CASE("words: a row that lacks a member is named with its place, in a run and in a plan") {
  ToolBench bench;
  bench.write("rows.jsonl", "{\"a\": 1}\n\n{\"b\": 2}\n");
  bench.write("job.toml", R"([[task]]
name = "rows"
foreach = { jsonl = "rows.jsonl" }
command = ["echo", "{{a}}"]
[[task]]
name = "values"
foreach = { values = [{ a = 1 }, { b = 2 }] }
command = ["echo", "{{a}}"]
)");
  const ToolResult run = run_tool(bench, {"run", "job.toml"});
  CHECK(run.exit_code == 1);
  const ToolResult plan = run_tool(bench, {"plan", "job.toml"});
  CHECK(plan.exit_code == 2);
  CHECK(run_tool(bench, {"plan", "job.toml", "--only", "rows[0]"}).exit_code == 0);
  CHECK(run_tool(bench, {"run", "job.toml", "--dry-run", "--json"}).exit_code == 2);
  for (const std::string& said : {run.err, plan.out}) {
    CHECK(contains(said, "rows.jsonl:3: 'a' is not there, which task 'rows' uses\n"));
    CHECK(contains(said, "job.toml:7:"));
    CHECK(contains(said, "value 2: 'a' is not there, which task 'values' uses\n"));
  }
}
