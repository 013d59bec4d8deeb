// SPDX-License-Identifier: MIT
// tool_order_test.cpp - `-k`: output in the order of the job, whatever ends first, and nothing that
// will never say anything is waited for.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support/patience.hpp"
#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

/// The first task waits for the file `go`; the second, which follows it, makes it.
constexpr const char* second_is_first = R"(
[[task]]
name = "a"
shell = "while ! test -e go; do sleep 0.01; done; echo a"
[[task]]
name = "b"
shell = "echo b; touch go"
)";

constexpr const char* shown = "[defaults]\nstdout = \"show\"\n";

}  // namespace

TEST_CASE("order: -k goes task by task in a job file") {
  ToolBench bench;
  const ToolResult result = run_job(bench, std::string(shown) + second_is_first + R"(
[[task]]
name = "c"
foreach = { range = [0, 3] }
shell = "echo c{{value}}"
)",
                                    {"-k"});
  CHECK(result.exit_code == 0);
  CHECK(result.out == "a\nb\nc0\nc1\nc2\nc3\n");
}

TEST_CASE("order: -k goes task by task in a stream") {
  ToolBench bench;
  std::vector<std::string> arguments{"run", "-", "-k", "-j", "2"};
  SUBCASE("with a database") {}
  SUBCASE("without one") { arguments.push_back("--no-db"); }
  const ToolResult result = run_tool(bench, std::move(arguments), {.input = R"(
{"shell": "while ! test -e go; do sleep 0.01; done; echo a", "stdout": "show"}
{"shell": "echo b; touch go", "stdout": "show"}
{"shell": "echo c; exit 1", "stdout": "show"}
{"shell": "echo d", "stdout": "show"}
)"});
  CHECK(result.exit_code == 1);
  CHECK(result.out == "a\nb\nc\nd\n");
}

TEST_CASE("order: with -k nothing waits for what is skipped, kept or has no rows") {
  ToolBench bench;
  bench.write("empty", "");
  const std::string job = std::string(shown) + R"(
[[task]]
name = "once"
shell = "echo once"
[[task]]
name = "fails"
shell = "echo fails; exit 1"
[[task]]
name = "skipped"
needs = ["fails"]
foreach = { range = [1, 3] }
shell = "echo no"
[[task]]
name = "bare"
foreach = { lines = "empty" }
shell = "echo no"
[[task]]
name = "some"
foreach = { range = [0, 1] }
shell = "echo some{{value}}"
[[task]]
name = "last"
shell = "while ! test -e go; do sleep 0.01; done; echo last; exit 1"
)";
  bench.write("job.toml", job);
  const auto run = [&bench](std::vector<std::string> more, const std::string& printed) {
    more.insert(more.begin(), {"run", "job.toml", "-j", "2", "-k"});
    ToolProcess tool(bench, std::move(more));
    CHECK(support::eventually([&tool, &printed] { return tool.out() == printed; }));
    bench.write("go", "");
    CHECK(tool.wait().out == printed + "last\n");
  };
  run({}, "once\nfails\nsome0\nsome1\n");
  std::filesystem::remove(bench.path("go"));
  run({"--resume"}, "fails\n");
}

TEST_CASE("order: what waits is printed when the run is stopped") {
  ToolBench bench;
  const ToolResult result = run_job(bench, std::string(shown) + R"(
[[task]]
name = "a"
shell = "touch begun; while :; do sleep 0.01; done"
[[task]]
name = "b"
shell = "while ! test -e begun; do sleep 0.01; done; echo b; exit 1"
)",
                                    {"-k", "--halt", "now,fail=1"});
  CHECK(result.exit_code == 5);
  CHECK(result.out == "b\n");
}
