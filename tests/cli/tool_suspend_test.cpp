// SPDX-License-Identifier: MIT
// tool_suspend_test.cpp - a run that stands still for a while (SIGTSTP, SIGCONT), and signals that
// the tool was started to ignore.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>

#include "support/patience.hpp"
#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

/// Two tasks that tell their process ids and wait for the file `go`.
std::string waiting_job(const std::string& more = {}) {
  return R"(
[[task]]
name = "wait"
foreach = { range = [0, 1] }
shell = "echo $$ > pid-{{value}}; touch begun-{{value}}; while ! test -e go; do sleep 0.01; done"
)" + more;
}

/// The letter of `ps`: T stands for a process that is stopped.
char state_of(const ToolBench& bench, const std::string& pid_file) {
  std::ifstream file("/proc/" + std::to_string(std::stoi(bench.read(pid_file))) + "/stat");
  std::string text;
  std::getline(file, text);
  return text.at(text.rfind(')') + 2);
}

void await_begin(const ToolBench& bench) {
  REQUIRE(
      support::eventually([&bench] { return bench.exists("begun-0") && bench.exists("begun-1"); }));
}

/// As Ctrl-Z does; returns when the tool has stopped.
void suspend(const ToolProcess& tool) {
  tool.send(SIGTSTP);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(tool.pid()), &info, WSTOPPED | WNOWAIT) == 0);
}

}  // namespace

TEST_CASE("suspend: when the tool stands still its tasks do, and all go on together") {
  ToolBench bench;
  bench.write("job.toml", waiting_job());
  ToolProcess tool(bench, {"run", "job.toml", "-j", "2"});
  await_begin(bench);
  for (int i = 0; i < 3; ++i) {
    suspend(tool);
    // Who sleeps in the kernel stops when that is over.
    CHECK(support::eventually([&bench] { return state_of(bench, "pid-0") == 'T'; }));
    CHECK(support::eventually([&bench] { return state_of(bench, "pid-1") == 'T'; }));
    tool.send(SIGCONT);
    CHECK(support::eventually([&bench] { return state_of(bench, "pid-0") != 'T'; }));
  }
  bench.write("go", "");
  CHECK(tool.wait().exit_code == 0);
}

TEST_CASE("suspend: time limits stand still") {
  ToolBench bench;
  bench.write("job.toml", waiting_job("timeout = \"3s\"\n"));
  ToolProcess tool(bench, {"run", "job.toml", "-j", "2"});
  await_begin(bench);
  suspend(tool);
  std::this_thread::sleep_for(std::chrono::milliseconds(3'200));  // the limit would be over
  bench.write("go", "");
  tool.send(SIGCONT);
  const ToolResult result = tool.wait();
  CHECK(result.exit_code == 0);
  CHECK(contains(result.err, "2 passed"));
}

TEST_CASE("suspend: a signal that was ignored when the tool was started stays ignored") {
  ToolBench bench;
  bench.write("job.toml", waiting_job());
  const auto before = std::signal(SIGHUP, SIG_IGN);  // as nohup does
  ToolProcess tool(bench, {"run", "job.toml", "-j", "2"});
  std::signal(SIGHUP, before);
  await_begin(bench);
  tool.send(SIGHUP);
  tool.send(SIGUSR1);
  REQUIRE(support::eventually([&tool] { return contains(tool.err(), "wait[1], for "); }));
  bench.write("go", "");
  const ToolResult result = tool.wait();
  CHECK(result.exit_code == 0);
  CHECK(contains(result.err, "2 passed"));
}
