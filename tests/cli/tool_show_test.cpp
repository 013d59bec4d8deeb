// SPDX-License-Identifier: MIT
// tool_show_test.cpp - status, logs, results and runs of real runs: what they count and how they
// name things.
#include <doctest/doctest.h>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

/// The row of the task in the answer of `status --json`.
nlohmann::json status_of(const ToolBench& bench, const std::string& task) {
  const auto status = nlohmann::json::parse(run_tool(bench, {"status", "--json"}).out);
  for (const auto& row : status.at("tasks")) {
    if (row.at("task") == task) return row;
  }
  return {};
}

/// One column of each run's database, the oldest run first.
std::vector<std::string> column(const ToolBench& bench, const char* query) {
  std::vector<std::filesystem::path> folders;
  for (const auto& run : std::filesystem::directory_iterator(bench.path(".procfarm/runs"))) {
    folders.push_back(run.path());
  }
  std::sort(folders.begin(), folders.end());
  std::vector<std::string> values;
  for (const auto& folder : folders) {
    SQLite::Database database((folder / "run.db").string());
    SQLite::Statement row(database, query);
    while (row.executeStep()) values.push_back(row.getColumn(0).getString());
  }
  return values;
}

}  // namespace

TEST_CASE("show: status knows how many instances every task has, and that all were skipped") {
  ToolBench bench;
  bench.write("lines.txt", "a\nb\nc\nd\ne\n");
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "single"
shell = "exit 1"
[[task]]
name = "range"
foreach = { range = [1, 7] }
needs = ["single"]
command = ["true"]
[[task]]
name = "lines"
foreach = { lines = "lines.txt" }
needs = ["single"]
command = ["true"]
[[task]]
name = "matrix"
matrix = { a = [1, 2], b = [1, 2] }
command = ["true"]
)");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "running job: 17 tasks"));
  CHECK(contains(result.err, "4 passed, 1 failed, 12 skipped"));
  CHECK(status_of(bench, "single").at("instances") == 1);
  CHECK(status_of(bench, "range").at("skipped") == 7);
  CHECK(status_of(bench, "lines").at("instances") == 5);
  CHECK(status_of(bench, "lines").at("skipped") == 5);
  CHECK(status_of(bench, "matrix").at("instances") == 4);
  const std::string text = run_tool(bench, {"status"}).out;
  CHECK_FALSE(contains(text, "?"));
  CHECK(contains(text, "  single: exit code 1"));  // not single[0]: it is not repeated
  CHECK(column(bench, "SELECT sum(skipped) FROM task_summary") == std::vector<std::string>{"12"});
}

TEST_CASE("show: logs name an instance as the run does") {
  ToolBench bench;
  run_job(bench, R"(
[[task]]
name = "single"
command = ["echo", "one"]
[[task]]
name = "many"
foreach = { range = [1, 1] }
command = ["echo", "many"]
)");
  CHECK(contains(run_tool(bench, {"logs", "last", "single"}).out, "== single, attempt 1"));
  CHECK(contains(run_tool(bench, {"logs", "last", "many"}).out, "== many[0] (1), attempt 1"));
}

TEST_CASE("show: the same work has the same hash in another run, and at another place in the job") {
  ToolBench bench;
  const auto run = [&bench](const std::string& values, const std::string& more) {
    return run_job(bench, "[[task]]\nname = \"t\"\nforeach = { values = [" + values +
                              "] }\nshell = \": {{value}} {{attempt}} {{run}}\"\n" + more);
  };
  const char* query = "SELECT hex(hash) FROM attempts ORDER BY instance";
  CHECK(run("1, 2", "").exit_code == 0);
  const auto first = column(bench, query);
  REQUIRE(first.size() == 2);
  CHECK(first[0].size() == 32);
  CHECK(first[0] != first[1]);
  CHECK(run("2, 1", "").exit_code == 0);
  CHECK(run("1, 2", "env = { A = \"x\" }\n").exit_code == 0);
  const auto all = column(bench, query);
  REQUIRE(all.size() == 6);
  CHECK(all[2] == first[1]);
  CHECK(all[3] == first[0]);
  CHECK(all[4] != first[0]);
  const auto jobs = column(bench, "SELECT job_hash FROM run");
  REQUIRE(jobs.size() == 3);
  CHECK(jobs[0].size() == 32);
  CHECK(jobs[0] != jobs[1]);
}
