// SPDX-License-Identifier: MIT
// tool_doctor_test.cpp - the real doctor: on this machine, with a job, and where something is in
// the way.
#include <doctest/doctest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

std::string library() {
  const char* folder = std::getenv("PROCFARM_TEST_MODULES");
  if (folder == nullptr) throw std::runtime_error("PROCFARM_TEST_MODULES is not set");
  return std::string(folder) + "/libtool_functions.so";
}

/// The check of that name in the answer of `doctor --json`.
nlohmann::json check_named(const std::string& out, const std::string& name) {
  const auto answer = nlohmann::json::parse(out);
  for (const auto& check : answer.at("checks")) {
    if (check.at("check") == name) return check;
  }
  return {};
}

}  // namespace

TEST_CASE("doctor: one line for each check, and 0 where nothing is in the way") {
  ToolBench bench;
  const ToolResult result = run_tool(bench, {"doctor", "-j", "2"});
  INFO(result.out);
  CHECK(result.exit_code == 0);
  CHECK(result.err.empty());
  CHECK_FALSE(contains(result.out, "problem"));
  for (const char* name :
       {"cores", "memory", "open files", "processes", "kernel", "sockets", "runs", "workers"}) {
    CAPTURE(name);
    CHECK(contains(result.out, std::string("  ") + name));
  }
  CHECK(contains(result.out, "a worker runs a command"));
  CHECK_FALSE(bench.exists(".procfarm"));
}

TEST_CASE("doctor: a problem is said with what to do, and makes the exit code 1") {
  ToolBench bench;
  const ToolResult result = run_tool(bench, {"doctor", "-j", "2000000000", "--json"});
  CHECK(result.exit_code == 1);
  const auto files = check_named(result.out, "open files");
  CHECK(files.at("finding") == "problem");
  CHECK(contains(files.at("advice"), "ulimit -Hn"));
  const auto answer = nlohmann::json::parse(result.out);
  CHECK(answer.at("problems").get<int>() >= 1);
  const ToolResult elsewhere = run_tool(bench, {"doctor", "--dir", "/nonexistent"});
  CHECK(elsewhere.exit_code == 1);
  CHECK(contains(elsewhere.out, "problem  runs        /nonexistent: No such file or directory"));
}

TEST_CASE("doctor: a job's modules are loaded, and its tasks held against their functions") {
  ToolBench bench;
  const std::string head = "[modules]\nlib = \"" + library() + "\"\n[[task]]\nname = \"f\"\n";
  bench.write("good.toml", head + "function = \"lib.square\"\nargs = [3]\n");
  const ToolResult good = run_tool(bench, {"doctor", "good.toml"});
  INFO(good.out);
  CHECK(good.exit_code == 0);
  CHECK(contains(good.out, "ok       module lib  " + library()));
  bench.write("other.toml", head + "function = \"lib.sqare\"\nargs = [3]\n");
  const ToolResult other = run_tool(bench, {"doctor", "other.toml", "--json"});
  CHECK(other.exit_code == 1);
  CHECK(contains(check_named(other.out, "module lib").at("text"), "square"));
  bench.write("none.toml", "[modules]\na = \"none.so\"\nb = \"text.so\"\n");
  bench.write("text.so", "text");
  const ToolResult none = run_tool(bench, {"doctor", "none.toml", "--json"});
  CHECK(none.exit_code == 1);
  CHECK(contains(check_named(none.out, "module a").at("text"), "No such file"));
  CHECK(contains(check_named(none.out, "module b").at("text"), "no ELF file"));
}

TEST_CASE("doctor: a job that is wrong is a problem with its place") {
  ToolBench bench;
  bench.write("job.toml", "[[task]]\nname = \"a\"\ncomand = [\"true\"]\n");
  const ToolResult result = run_tool(bench, {"doctor", "job.toml"});
  CHECK(result.exit_code == 1);
  CHECK(contains(result.out, "problem  job         job.toml:3:1: unknown key 'comand'"));
}
