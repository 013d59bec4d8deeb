// SPDX-License-Identifier: MIT
// tool_function_test.cpp - jobs that call functions of libraries and of programs: results, what
// they print, how they fail, and what is refused before anything runs.
#include <doctest/doctest.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

std::string modules() {
  const char* folder = std::getenv("PROCFARM_TEST_MODULES");
  if (folder == nullptr) throw std::runtime_error("PROCFARM_TEST_MODULES is not set");
  return folder;
}

std::string library() { return modules() + "/libtool_functions.so"; }
std::string program() { return modules() + "/tool_functions_program"; }

/// The tasks, with both modules.
ToolResult run_tasks(const ToolBench& bench, const std::string& tasks,
                     std::vector<std::string> more = {}) {
  return run_job(bench,
                 "[modules]\nlib = \"" + library() + "\"\nprog = \"" + program() + "\"\n" + tasks,
                 std::move(more));
}

}  // namespace

TEST_CASE("functions: a library and a program tell what they export") {
  ToolBench bench;
  for (const std::string& module : {library(), program()}) {
    const ToolResult result = run_tool(bench, {"functions", module});
    CHECK(result.exit_code == 0);
    CHECK(contains(result.out, "square(n: uint64) -> uint64"));
    CHECK(contains(result.out, "n squared"));
  }
  CHECK(run_tool(bench, {"functions", bench.write("text.so", "no module")}).exit_code == 2);
}

TEST_CASE("functions: results of one module's instances are the argument of another's function") {
  ToolBench bench;
  const ToolResult result = run_tasks(bench, R"(
[[task]]
name = "square"
foreach = { range = [1, 1000] }
function = "lib.square"
args = ["{{value}}"]
[[task]]
name = "sum"
needs = ["square"]
function = "prog.sum"
args = { values = "{{square.results}}" }
[[task]]
name = "show"
needs = ["sum", "square"]
shell = "echo {{sum.result}}; tail -n 1 {{square.results}}"
stdout = "show"
)");
  CAPTURE(result.err);
  CHECK(result.exit_code == 0);
  CHECK(result.out == "333833500\n1000000\n");
  CHECK(contains(run_tool(bench, {"results", "last", "sum"}).out, "333833500"));
}

TEST_CASE("functions: what one prints is its own output, also when it throws") {
  ToolBench bench;
  const ToolResult result = run_tasks(bench, R"(
[[task]]
name = "say"
foreach = { values = ["good", "bad"] }
function = "lib.say"
args = ["{{value}}"]
stdout = "show"
[[task]]
name = "file"
function = "lib.say"
args = ["filed"]
stdout = "said.txt"
)",
                                      {"-k"});
  CHECK(result.exit_code == 1);
  CHECK(result.out == "said good\nsaid bad\n");
  CHECK(bench.read("said.txt") == "said filed\n");
  CHECK(contains(result.err, "out_of_range: no such word"));
}

TEST_CASE("functions: what the streams of a module's own C++ library hold is its call's") {
  for (const char* module : {"lib", "prog"}) {
    CAPTURE(module);
    ToolBench bench;
    const ToolResult result = run_tasks(
        bench, std::string("[[task]]\nname = \"copy\"\nfunction = \"") + module + R"(.copy"
stdin = "{{value}}"
foreach = { values = ["one", "two", "three"] }
stdout = "out-{{index}}"
stderr = "err-{{index}}"
)",
        {"-j", "1"});
    CAPTURE(result.err);
    CHECK(result.exit_code == 0);
    const std::vector<std::string> values{"one", "two", "three"};
    for (std::size_t i = 0; i < values.size(); ++i) {
      CHECK(bench.read("out-" + std::to_string(i)) == "copied " + values[i] + "\n");
      CHECK(bench.read("err-" + std::to_string(i)) == "logged " + values[i] + "\n");
    }
  }
}

TEST_CASE("functions: a crash costs only the task that crashed, and tells the signal") {
  ToolBench bench;
  const ToolResult result = run_tasks(bench, R"(
[[task]]
name = "crash"
function = "lib.crash"
retries = { count = 1, on = ["worker-lost"] }
[[task]]
name = "square"
foreach = { range = [1, 100] }
function = "lib.square"
args = ["{{value}}"]
)");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "SIGSEGV"));
  CHECK(contains(result.err, "about to crash"));
  CHECK(contains(result.err, "100 passed, 1 failed, 1 retried"));
}

TEST_CASE("functions: one that never looks up is ended by its time limit") {
  ToolBench bench;
  const ToolResult result = run_tasks(bench, R"(
[[task]]
name = "spin"
function = "lib.spin"
timeout = "100ms"
grace = "100ms"
)");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "timeout"));
}

TEST_CASE("functions: names, arity and types are checked before anything runs or is made") {
  ToolBench bench;
  const std::string first = "[[task]]\nname = \"first\"\ncommand = [\"touch\", \"started\"]\n";
  for (const char* wrong : {"function = \"lib.sqare\"\nargs = [1]\n", "function = \"lib.square\"\n",
                            "function = \"lib.square\"\nargs = [\"x\"]\n",
                            "function = \"lib.square\"\nargs = { m = 1 }\n"}) {
    CAPTURE(wrong);
    const ToolResult result = run_tasks(bench, first + "[[task]]\nname = \"f\"\n" + wrong);
    CHECK(result.exit_code == 2);
    CHECK(contains(result.err, "job.toml:"));
    CHECK_FALSE(bench.exists("started"));
    CHECK_FALSE(bench.exists(".procfarm"));
  }
}

TEST_CASE("functions: text of a line that is no number fails its instance, naming the row") {
  ToolBench bench;
  bench.write("numbers.txt", "3\nthree\n");
  const ToolResult result = run_tasks(bench, R"(
[[task]]
name = "square"
foreach = { lines = "numbers.txt" }
function = "lib.square"
args = ["{{line}}"]
)");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "numbers.txt:2"));
  CHECK(contains(result.err, "1 passed, 1 failed"));
}

TEST_CASE("functions: --only may not leave out what a selected task takes results from") {
  ToolBench bench;
  const ToolResult result = run_tasks(bench, R"(
[[task]]
name = "square"
function = "lib.square"
args = [3]
[[task]]
name = "again"
needs = ["square"]
function = "lib.square"
args = ["{{square.result}}"]
)",
                                      {"--only", "again"});
  CHECK(result.exit_code == 2);
  CHECK(contains(result.err, "leaves out 'square'"));
}

TEST_CASE("functions: stdin, env and env_clear are those of the task, and of no other") {
  ToolBench bench;
  bench.write("input.txt", "from a file");
  const ToolResult result = run_tasks(bench, R"(
[[task]]
name = "a"
function = "lib.input"
stdin = "for {{index}}"
foreach = { range = [1, 2] }
[[task]]
name = "b"
needs = ["a"]
function = "lib.input"
stdin = { file = "input.txt" }
[[task]]
name = "c"
needs = ["b"]
function = "lib.input"
[[task]]
name = "home"
foreach = { values = ["HOME", "MINE", "PROCFARM_TASK"] }
function = "lib.variable"
args = ["{{value}}"]
env = { MINE = "{{index}}" }
env_clear = true
[[task]]
name = "after"
needs = ["home"]
foreach = { values = ["HOME", "MINE"] }
function = "lib.variable"
args = ["{{value}}"]
[[task]]
name = "show"
needs = ["a", "b", "c", "home", "after"]
shell = "cat {{a.results}} {{b.results}} {{c.results}} {{home.results}} {{after.results}}"
stdout = "show"
)",
                                      {"-j", "1"});
  CAPTURE(result.err);
  CHECK(result.exit_code == 0);
  const std::string home = std::getenv("HOME") == nullptr ? "(unset)" : std::getenv("HOME");
  CHECK(result.out ==
        "\"for 0\"\n\"for 1\"\n\"from a file\"\n\"\"\n\"(unset)\"\n\"1\"\n\"home\"\n\"" + home +
            "\"\n\"(unset)\"\n");
}

TEST_CASE(
    "functions: one that grows over its memory is ended, fails as memory, and may be retried") {
  ToolBench bench;
  const ToolResult result = run_tasks(bench, R"(
[[task]]
name = "hog"
foreach = { values = ["one", "two"] }
function = "lib.hog"
args = [1000000000]
memory = "400MB"
retries = { count = 1, on = ["memory"] }
[[task]]
name = "hog-in-program"
function = "prog.hog"
args = [1000000000]
memory = "400MB"
[[task]]
name = "modest"
function = "lib.square"
args = [3]
memory = "4GB"
)");
  CAPTURE(result.err);
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "hog[1] two: memory: the limit is "));
  CHECK(contains(result.err, "hog-in-program: memory: the limit is "));
  CHECK(contains(result.err, "1 passed, 3 failed, 2 retried"));
}

TEST_CASE(
    "functions: ok_exit is refused, for a function has no exit code; a default is for others") {
  ToolBench bench;
  const ToolResult refused =
      run_tasks(bench, "[[task]]\nname = \"f\"\nfunction = \"lib.crash\"\nok_exit = 3\n");
  CHECK(refused.exit_code == 2);
  CHECK(contains(refused.err, "'ok_exit' has no effect on a function"));
  CHECK(run_tasks(bench, R"(
[defaults]
ok_exit = [0, 3]
[[task]]
name = "f"
function = "lib.square"
args = [3]
[[task]]
name = "c"
shell = "exit 3"
)")
            .exit_code == 0);
}
