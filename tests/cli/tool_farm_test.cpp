// SPDX-License-Identifier: MIT
// tool_farm_test.cpp - what a person is told when the farm itself fails: workers that die, no
// worker at all, modules that never answer.
#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/patience.hpp"
#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

std::string module(const std::string& name) {
  const char* folder = std::getenv("PROCFARM_TEST_MODULES");
  if (folder == nullptr) throw std::runtime_error("PROCFARM_TEST_MODULES is not set");
  return std::string(folder) + "/" + name;
}

/// Ends the parent of its worker.
constexpr const char* kills_the_supervisor =
    "kill -9 $(sed -n 's/^PPid:[^0-9]*//p' /proc/$PPID/status); sleep 600";

std::vector<nlohmann::json> events_of(const std::string& out) {
  std::vector<nlohmann::json> events;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) events.push_back(nlohmann::json::parse(line));
  return events;
}

const nlohmann::json* find_event(const std::vector<nlohmann::json>& events,
                                 const std::string& name) {
  for (const auto& event : events) {
    if (event.at("event") == name) return &event;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("farm: a run whose supervisor dies is exit code 3, and says so once") {
  ToolBench bench;
  const ToolResult result =
      run_job(bench, std::string("[[task]]\nname = \"last\"\nretries = 3\nshell = \"") +
                         kills_the_supervisor +
                         "\"\n[[task]]\nname = \"later\"\ncommand = [\"touch\", \"started\"]\n"
                         "needs = [{ task = \"last\" }]\nwhen = \"always\"\n");
  CHECK(result.exit_code == 3);
  CHECK(contains(result.err, "FAIL"));
  CHECK(contains(result.err, "last: worker-lost: the farm failed\n"));
  CHECK(contains(result.err, "1 failed; ended: the farm failed"));
  const std::string cause = "the supervisor of the workers has died";
  CHECK(result.err.find(cause) != std::string::npos);
  CHECK(result.err.find(cause) == result.err.rfind(cause));
  CHECK_FALSE(bench.exists("started"));
  CHECK(contains(run_tool(bench, {"status"}).out, "(exit code 3)"));
}

TEST_CASE("farm: a program that gives up before it serves is exit code 2, and nothing is made") {
  ToolBench bench;
  bench.write("job.toml", "[modules]\nprog = \"" + module("tool_functions_program") +
                              "\"\n[[task]]\nname = \"f\"\nfunction = \"prog.square\"\nargs = "
                              "[3]\n");
  const ToolResult result =
      run_tool(bench, {"run", "job.toml", "-j", "2"}, {.environment = {"TOOL_FUNCTIONS_REFUSE=1"}});
  CHECK(result.exit_code == 2);
  CHECK(contains(result.err, "procfarm: "));
  CHECK_FALSE(bench.exists(".procfarm"));
}

TEST_CASE("farm: an attempt lost with its worker has a start, a length and one line") {
  ToolBench bench;
  const ToolResult result = run_job(
      bench, "[[task]]\nname = \"lost\"\nshell = \"sleep 0.05; kill -9 $PPID; sleep 600\"\n",
      {"--json"});
  CHECK(result.exit_code == 1);
  const auto events = events_of(result.out);
  const auto* finished = find_event(events, "task-finished");
  REQUIRE(finished != nullptr);
  CHECK(finished->at("cause") == "worker-lost");
  CHECK(finished->at("seconds").get<double>() >= 0.05);
  CHECK(finished->at("started").get<std::string>() > "2000");
  CHECK(finished->at("worker_pid").get<int>() > 0);
  CHECK(contains(result.err, "lost: killed by SIGKILL: worker pid "));
  const auto* ended = find_event(events, "run-finished");
  REQUIRE(ended != nullptr);
  CHECK(ended->at("seconds").get<double>() >= 0.05);
}

TEST_CASE("farm: a time limit holds for a command whose worker was stopped") {
  ToolBench bench;
  const ToolResult result = run_job(
      bench,
      "[[task]]\nname = \"stops\"\ntimeout = \"100ms\"\ngrace = \"50ms\"\n"
      "shell = \"kill -STOP $PPID; sleep 600\"\n[[task]]\nname = \"passes\"\nshell = \"true\"\n");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "stops: timeout"));
  CHECK(contains(result.err, "1 passed"));
}

TEST_CASE("farm: what ran when the farm failed has a start too") {
  ToolBench bench;
  const ToolResult result =
      run_job(bench,
              std::string("[[task]]\nname = \"last\"\nshell = \"sleep 0.05; ") +
                  kills_the_supervisor + "\"\n",
              {"--json"});
  CHECK(result.exit_code == 3);
  const auto events = events_of(result.out);
  const auto* finished = find_event(events, "task-finished");
  REQUIRE(finished != nullptr);
  CHECK(finished->at("seconds").get<double>() >= 0.05);
  CHECK(finished->at("started").get<std::string>() > "2000");
}

TEST_CASE("farm: Ctrl-C ends a tool that waits for a module that never answers") {
  for (const int signal : {SIGINT, SIGTERM}) {
    ToolBench bench;
    bench.write("job.toml", "[modules]\nlib = \"" + module("libtool_functions.so") +
                                "\"\n[[task]]\nname = \"f\"\nfunction = \"lib.square\"\nargs = "
                                "[3]\n");
    ToolProcess tool(bench, {"run", "job.toml", "-j", "2"},
                     {.environment = {"TOOL_FUNCTIONS_HANG=" + bench.path("hangs")}});
    REQUIRE(support::eventually([&bench] { return bench.exists("hangs"); }));
    tool.send(signal);
    const ToolResult result = tool.wait();
    CHECK(result.exit_code == 128 + signal);
    CHECK(contains(result.err, "before anything was run"));
    CHECK_FALSE(bench.exists(".procfarm"));
  }
}

TEST_CASE("farm: Ctrl-C ends a stream of tasks that waits for a module that never answers") {
  ToolBench bench;
  ToolProcess tool(
      bench, {"run", "-", "-j", "2"},
      {.input = "{\"modules\": {\"lib\": \"" + module("libtool_functions.so") +
                "\"}}\n{\"name\": \"f\", \"function\": \"lib.square\", \"args\": [3]}\n",
       .environment = {"TOOL_FUNCTIONS_HANG=" + bench.path("hangs")}});
  REQUIRE(support::eventually([&bench] { return bench.exists("hangs"); }));
  tool.send(SIGINT);
  CHECK(tool.wait().exit_code == 130);
}

TEST_CASE("farm: a program that does not serve is named, with what its author has to do") {
  ToolBench bench;
  const ToolResult result = run_tool(bench, {"functions", "/bin/pwd"});
  CHECK(result.exit_code == 2);
  CHECK(result.out == "");  // it is run to see whether it serves, but what it prints is nobody's
  CHECK(result.err ==
        "procfarm: /bin/pwd does not become a worker: its main must call "
        "procfarm::init(argc, argv) before anything else\n");
}

TEST_CASE("farm: in a stream a module that is none ends the reading, what runs finishes") {
  ToolBench bench;
  bench.write("none.so", "text");
  const ToolResult result = run_tool(
      bench, {"run", "-", "-j", "2"},
      {.input =
           "{\"modules\": {\"m\": \"none.so\"}}\n{\"name\": \"a\", \"shell\": \"echo a >> log\"}"
           "\n{\"name\": \"b\", \"function\": \"m.f\"}\n"});
  CHECK(result.exit_code == 2);
  CHECK(contains(result.err, "none.so"));
  CHECK(contains(result.err, "1 passed"));
  CHECK(bench.read("log") == "a\n");
}

TEST_CASE("farm: loading that takes its time is told, so that nobody wonders") {
  ToolBench bench;
  bench.write("job.toml",
              "[modules]\nlib = \"" + module("libtool_functions.so") +
                  "\"\n[[task]]\nname = \"f\"\nfunction = \"lib.square\"\nargs = [3]\n");
  ToolProcess tool(bench, {"run", "job.toml", "-j", "2"},
                   {.environment = {"TOOL_FUNCTIONS_HANG=" + bench.path("hangs")}});
  CHECK(support::eventually([&tool] { return contains(tool.err(), "procfarm: loading /"); }));
  tool.send(SIGTERM);
  CHECK(tool.wait().exit_code == 143);
}
