// SPDX-License-Identifier: MIT
// tool_needs_test.cpp - instances that wait for the one of the same index: in whatever order those
// end, and whether they are selected or not.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/patience.hpp"
#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

/// Whether the job, in which second[0] can only be the last to start, comes to its end.
void check_ends(const ToolBench& bench, const std::string& job) {
  ToolProcess tool(bench, {"run", job, "-j", "2"});
  REQUIRE(support::eventually([&tool] { return contains(tool.err(), "Summary"); }));
  const ToolResult result = tool.wait();
  CAPTURE(result.err);
  CHECK(result.exit_code == 0);
  CHECK(bench.read("log") == "1\n0\n");
}

}  // namespace

TEST_CASE("needs: an instance whose partner ends after that of a later one runs too") {
  ToolBench bench;
  const std::string first = "[ {{value}} = 1 ] || while ! test -e log; do sleep 0.01; done";
  SUBCASE("of a job file") {
    bench.write("job.toml", R"(
[[task]]
name = "first"
foreach = { range = [0, 1] }
shell = ")" + first + R"("
[[task]]
name = "second"
needs = [{ task = "first", match = "same" }]
foreach = { values = ["0", "1"] }
shell = "echo {{value}} >> log"
)");
    check_ends(bench, "job.toml");
  }
  SUBCASE("of a stream of tasks") {
    bench.write("job.jsonl", R"({"name": "first", "foreach": {"range": [0, 1]}, "shell": ")" +
                                 first + R"("}
{"name": "second", "foreach": {"range": [0, 1]}, "needs": [{"task": "first", "match": "same"}], )" +
                                 R"("shell": "echo {{value}} >> log"})");
    check_ends(bench, "job.jsonl");
  }
}

TEST_CASE("needs: with --only an instance whose partner is not selected runs") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "first"
foreach = { range = [0, 2] }
shell = "echo first{{value}} >> log"
[[task]]
name = "second"
needs = [{ task = "first", match = "same" }]
foreach = { range = [0, 2] }
shell = "echo second{{value}} >> log"
)",
                                    {"-j", "1", "--only", "first[0]", "second"});
  CAPTURE(result.err);
  CHECK(result.exit_code == 0);
  CHECK(bench.read("log") == "first0\nsecond0\nsecond1\nsecond2\n");
}

TEST_CASE("needs: what a failed task printed is there for those that run all the same") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "fails"
shell = "echo so far; exit 1"
[[task]]
name = "tells"
needs = ["fails"]
when = "always"
command = ["printf", "<%s>", "{{fails.stdout}}"]
stdout = "show"
)");
  CAPTURE(result.err);
  CHECK(result.exit_code == 1);
  CHECK(result.out == "<so far\n>");
}

TEST_CASE("needs: who wants the output of a task that was up to date is told so") {
  ToolBench bench;
  bench.write("made", "");
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "make"
shell = "touch made; echo made"
outputs = ["made"]
skip_if = "outputs-exist"
[[task]]
name = "use"
needs = ["make"]
command = ["echo", "{{make.stdout}}"]
)");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err,
                 "use needs 'make.stdout', but make was up to date (skip_if) and has not run"));
}

TEST_CASE("needs: what was only wanted in case of a failure says that there was none") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "work"
command = ["true"]
[[task]]
name = "mend"
command = ["true"]
needs = ["work"]
when = "failure"
)",
                                    {"-v"});
  CHECK(result.exit_code == 0);
  const std::string why = "nothing that it needs has failed";
  CHECK(contains(result.err, why));
  CHECK(run_tool(bench, {"logs", "last", "mend"}).out == "== mend: skipped, " + why + "\n");
  CHECK(contains(run_tool(bench, {"export", "last", "junit"}).out,
                 "<skipped message=\"" + why + "\" />"));
}
