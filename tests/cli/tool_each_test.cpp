// SPDX-License-Identifier: MIT
// tool_each_test.cpp - `procfarm each`: a command per line, its output in whole blocks, GNU
// parallel's habits.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

std::string numbers(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += std::to_string(i) + "\n";
  return lines;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("each: the line takes its place, or is appended") {
  ToolBench bench;
  bench.write("in", "a b\n$(x)\n");
  CHECK(run_tool(bench, {"each", "in", "-k", "--", "echo", "<{{line}}>", "{{index}}"}).out ==
        "<a b> 0\n<$(x)> 1\n");
  CHECK(run_tool(bench, {"each", "in", "-k", "--", "echo"}).out == "a b\n$(x)\n");
  CHECK(run_tool(bench, {"each", "in", "-k", "--shell", "printf '[%s]' {{line}}"}).out ==
        "[a b][$(x)]");
  CHECK(run_tool(bench, {"each", "in", "-k", "--shell", "echo"}).out == "a b\n$(x)\n");
}

TEST_CASE("each: ten thousand lines of standard input, every one once") {
  ToolBench bench;
  constexpr int count = 10'000;
  const ToolResult result =
      run_tool(bench, {"each", "-", "-j", "4", "--", "echo"}, {.input = numbers(count)});
  CHECK(result.exit_code == 0);
  const auto lines = lines_of(result.out);
  CHECK(lines.size() == count);
  CHECK(std::set<std::string>(lines.begin(), lines.end()).size() == count);
  CHECK(contains(result.err, "10,000 passed"));
}

TEST_CASE("each: -k keeps the order of the input whatever ends first") {
  ToolBench bench;
  const ToolResult result = run_tool(
      bench,
      {"each", "-", "-j", "4", "-k", "--shell", "sleep 0.0$((4 - {{line}} % 4)); echo {{line}}"},
      {.input = numbers(40)});
  CHECK(result.exit_code == 0);
  CHECK(result.out == numbers(40));
}

TEST_CASE("each: blocks of output never interleave") {
  ToolBench bench;
  const ToolResult result = run_tool(
      bench, {"each", "-", "-j", "4", "--shell", "for i in 1 2 3 4 5; do echo {{line}}; done"},
      {.input = numbers(50)});
  const auto lines = lines_of(result.out);
  REQUIRE(lines.size() == 250);
  for (std::size_t i = 0; i < lines.size(); i += 5) {
    CHECK(std::count(lines.begin() + static_cast<std::ptrdiff_t>(i),
                     lines.begin() + static_cast<std::ptrdiff_t>(i) + 5, lines[i]) == 5);
  }
}

TEST_CASE("each: --tag begins every line with its input") {
  ToolBench bench;
  const ToolResult result =
      run_tool(bench, {"each", "-", "-k", "--tag", "--shell", "echo x; printf y; : {{line}}"},
               {.input = "a\nb\n"});
  CHECK(result.out == "a\tx\na\ty\nb\tx\nb\ty\n");
}

TEST_CASE("each: standard error of tasks goes to standard error, once") {
  ToolBench bench;
  const ToolResult result = run_tool(
      bench, {"each", "-", "--shell", "echo to-err-{{line}} >&2; exit 3"}, {.input = "a\n"});
  CHECK(result.exit_code == 1);
  CHECK(result.out.empty());
  const auto first = result.err.find("to-err-a");
  REQUIRE(first != std::string::npos);
  CHECK(result.err.find("to-err-a", first + 1) == std::string::npos);
}

TEST_CASE("each: --joblog and --results keep what GNU parallel keeps") {
  ToolBench bench;
  const ToolResult result = run_tool(bench,
                                     {"each", "-", "-j", "1", "--joblog", "log", "--results",
                                      "kept", "--shell", "echo {{line}}; exit {{line}}"},
                                     {.input = "0\n3\n"});
  CHECK(result.exit_code == 1);
  const auto log = lines_of(bench.read("log"));
  REQUIRE(log.size() == 3);
  CHECK(log[0] == "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand");
  CHECK(log[2].ends_with("\t3\t0\tsh -c 'echo \"${1}\"; exit \"${2}\"' procfarm 3 3"));
  CHECK(bench.read("kept/each/1/stdout") == "3\n");
}

TEST_CASE("each: a missing source is an error of usage, an empty one is none") {
  ToolBench bench;
  const ToolResult missing = run_tool(bench, {"each", "missing", "--", "echo"});
  CHECK(missing.exit_code == 2);
  CHECK(contains(missing.err,
                 "No such file or directory (SOURCE is a file of lines, or - for standard input)"));
  CHECK(run_tool(bench, {"each", "-", "--", "echo"}).exit_code == 0);
}

TEST_CASE("each: a program that is not there fails its task with the reason") {
  ToolBench bench;
  const ToolResult result =
      run_tool(bench, {"each", "-", "--", "no-such-program-anywhere"}, {.input = "a\n"});
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "127"));
  CHECK(contains(result.err, "no-such-program-anywhere"));
}
