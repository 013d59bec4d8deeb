// SPDX-License-Identifier: MIT
// tool_export_test.cpp - export of real runs: finished, failed, and still going on.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "support/patience.hpp"
#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

constexpr const char* job = R"(
[[task]]
name = "pack"
foreach = { values = [1, 2, 3], as = "level" }
shell = "echo level {{level}}; [ {{level}} != 2 ]"
[[task]]
name = "after"
needs = ["pack"]
command = ["true"]
)";

std::vector<nlohmann::json> objects_in(const std::string& text) {
  std::vector<nlohmann::json> objects;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) objects.push_back(nlohmann::json::parse(line));
  return objects;
}

/// By its Seq, each line's Exitval, Signal and Command.
std::map<std::string, std::string> jobs_in(const std::string& log) {
  std::map<std::string, std::string> jobs;
  std::istringstream lines(log);
  std::string line;
  std::getline(lines, line);  // the head
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    std::vector<std::string> cell(9);
    for (std::string& each : cell) std::getline(cells, each, '\t');
    jobs[cell[0]] = cell[6] + " " + cell[7] + " " + cell[8];
  }
  return jobs;
}

}  // namespace

TEST_CASE("export: a real run in every format") {
  ToolBench bench;
  REQUIRE(run_job(bench, job).exit_code == 1);
  const auto rows = objects_in(run_tool(bench, {"export", "last", "jsonl"}).out);
  REQUIRE(rows.size() == 4);
  CHECK(rows[1]["name"] == "pack[1]");
  CHECK(rows[1]["outcome"] == "failed");
  CHECK(rows[1]["exit_code"] == 1);
  CHECK(rows[1]["label"] == "2");
  CHECK(rows[1]["hash"].get<std::string>().size() == 32);
  CHECK(rows[3]["cause"] == "needs");
  CHECK(count_lines(run_tool(bench, {"export", "last", "csv"}).out) == 5);
  const std::string log = run_tool(bench, {"export", "last", "joblog"}).out;
  CHECK(count_lines(log) == 4);
  CHECK(contains(log, "\t8\t1\t0\techo level {{level}}; [ {{level}} != 2 ] # 2\n"));
  const std::string junit = run_tool(bench, {"export", "last", "junit"}).out;
  CHECK(contains(junit,
                 "<testsuites name=\"job\" tests=\"4\" failures=\"1\" errors=\"0\" "
                 "skipped=\"1\""));
  const auto trace = nlohmann::json::parse(run_tool(bench, {"export", "last", "trace"}).out);
  std::size_t slices = 0;
  for (const auto& event : trace["traceEvents"]) slices += event["ph"] == "X" ? 1 : 0;
  CHECK(slices == 3);
}

TEST_CASE("export: JUnit has nothing that XML forbids, whatever data and programs say") {
  ToolBench bench;
  const std::string odd = "a\xef\xbf\xbe\xef\xbf\xbf\xed\xa0\x80\x0b\xc2\x85z";
  const ToolResult failed =
      run_tool(bench, {"each", "-", "--shell", "echo {{line}} >&2; exit 1"}, {.input = odd + "\n"});
  REQUIRE(failed.exit_code == 1);
  const std::string junit = run_tool(bench, {"export", "last", "junit"}).out;
  const std::string shown = R"(a\ufffe\uffff\xed\xa0\x80\x0b\u0085z)";
  CHECK(contains(junit, "name=\"each[0] (" + shown + ")\""));
  CHECK(contains(junit, ">" + shown + "\n</failure>"));
  for (const char* forbidden : {"\xef\xbf\xbe", "\xef\xbf\xbf", "\xed\xa0", "\x0b"}) {
    CHECK_FALSE(contains(junit, forbidden));
  }
}

TEST_CASE("export: a run that still goes on is written as it is now") {
  ToolBench bench;
  bench.write("job.toml",
              "[[task]]\nname = \"quick\"\ncommand = [\"true\"]\n[[task]]\n"
              "name = \"slow\"\nneeds = [\"quick\"]\ncommand = [\"sleep\", \"600\"]\n");
  ToolProcess tool(bench, {"run", "job.toml", "-j", "2", "-q"});
  const ToolBench& same = bench;
  const auto exported = [&same](const std::string& format) {
    // Beside the streams of the run.
    run_tool(same, {"export", "last", format, "-o", "exported"});
    return same.read("exported");
  };
  CHECK(support::eventually(
      [&] { return contains(exported("csv"), "slow,0,slow,1,running,false,"); }));
  CHECK(contains(exported("csv"), "quick,0,quick,1,passed,true,"));
  CHECK(contains(exported("trace"), "\"name\":\"slow\",\"cat\":\"slow\",\"ph\":\"B\""));
  CHECK(contains(exported("junit"), "<skipped message=\"running\""));
  CHECK(count_lines(exported("joblog")) == 2);
  tool.send(SIGTERM);
  CHECK(tool.wait().exit_code == 143);
  CHECK(contains(exported("csv"), "slow,0,slow,1,cancelled,true,"));
}

TEST_CASE("export: a file appears whole, and no other is left beside it") {
  ToolBench bench;
  REQUIRE(run_job(bench, job).exit_code == 1);
  const ToolResult nowhere = run_tool(bench, {"export", "last", "csv", "-o", "new/run.csv"});
  CHECK(nowhere.exit_code == 4);
  CHECK(nowhere.err == "procfarm: new/run.csv: No such file or directory\n");
  REQUIRE_FALSE(bench.exists("new"));
  std::filesystem::create_directory(bench.path("new"));
  REQUIRE(run_tool(bench, {"export", "last", "csv", "-o", "new/run.csv"}).exit_code == 0);
  CHECK(bench.read("new/run.csv") == run_tool(bench, {"export", "last", "csv"}).out);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(bench.path("new"))) {
    ++files;
  }
  CHECK(files == 1);
}

TEST_CASE("export: a job log, live or exported, numbers the jobs through and shows each failure") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "one"
command = ["true"]
[[task]]
name = "rows"
foreach = { range = [1, 3] }
command = ["true"]
[[task]]
name = "gone"
outputs = ["nothing"]
command = ["true"]
[[task]]
name = "stuck"
command = ["echo", "{{index}}"]
stdout = "/dev/null/file"
)",
                                    {"--joblog", "live"});
  CHECK(result.exit_code == 4);
  bench.write("exported", run_tool(bench, {"export", "last", "joblog"}).out);
  for (const char* log : {"live", "exported"}) {
    const auto jobs = jobs_in(bench.read(log));
    CAPTURE(log);
    REQUIRE(jobs.size() == 6);
    CHECK(jobs.at("1") == "0 0 true");
    for (const char* row : {"2", "3", "4"}) CHECK(contains(jobs.at(row), "0 0 true"));
    CHECK(jobs.at("5") == "-1 0 true");
    CHECK(jobs.at("6") == "-1 0 echo {{index}}");
  }
}

TEST_CASE("export: in the job log of JSON Lines each line is a job") {
  ToolBench bench;
  bench.write("tasks.jsonl", "{\"command\": [\"true\"]}\n{\"command\": [\"true\"]}\n");
  REQUIRE(run_tool(bench, {"run", "tasks.jsonl", "--joblog", "live"}).exit_code == 0);
  CHECK(jobs_in(bench.read("live")).size() == 2);
  CHECK(jobs_in(run_tool(bench, {"export", "last", "joblog"}).out).size() == 2);
}

TEST_CASE("export: what is wrong is said, with the formats there are") {
  ToolBench bench;
  CHECK(run_tool(bench, {"export", "last", "csv"}).exit_code == 2);
  const ToolResult none = run_tool(bench, {"export", "last"});
  CHECK(none.exit_code == 2);
  CHECK(contains(none.err, "FORMAT is missing: joblog, csv, jsonl, junit, trace"));
  const ToolResult other = run_tool(bench, {"export", "last", "xml"});
  CHECK(other.exit_code == 2);
  CHECK(contains(other.err, "'xml' is none of joblog, csv, jsonl, junit, trace"));
}
