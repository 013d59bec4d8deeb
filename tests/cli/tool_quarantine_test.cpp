// SPDX-License-Identifier: MIT
// tool_quarantine_test.cpp - what runs again and again when its worker or the tool dies is stopped
// by --crash-limit, over all resumes. Here tasks really kill their worker or the tool.
#include <doctest/doctest.h>

#include <SQLiteCpp/Database.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "support/patience.hpp"
#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

/// Its parent is the worker.
constexpr const char* kills_worker = R"(
[[task]]
name = "poison"
shell = "echo x >> witness; kill -9 $PPID; sleep 60"
)";

/// The pid of the tool stands in the run's lock.
constexpr const char* kills_tool = R"(
[[task]]
name = "poison"
shell = "echo x >> witness; kill -9 $(cat .procfarm/runs/*/lock); sleep 60"
[[task]]
name = "good"
command = ["true"]
)";

std::string ask(const ToolBench& bench, const char* query) {
  for (const auto& run : std::filesystem::directory_iterator(bench.path(".procfarm/runs"))) {
    SQLite::Database database((run.path() / "run.db").string());
    return database.execAndGet(query).getString();
  }
  return {};
}

}  // namespace

TEST_CASE("quarantine: further attempts end when the worker has died under three") {
  ToolBench bench;
  const ToolResult result = run_job(bench, kills_worker, {"--retries", "9"});
  CHECK(result.exit_code == 1);
  CHECK(count_lines(bench.read("witness")) == 3);
  CHECK(contains(result.err, "quarantined: 3 times a worker or the tool died under it"));
  CHECK(contains(result.err, "attempt 1: killed by SIGKILL"));
  CHECK(contains(result.err, "attempt 2: killed by SIGKILL"));
  CHECK(contains(result.err, "attempt 3: killed by SIGKILL"));
  CHECK(ask(bench, "SELECT cause FROM failures") == "quarantined");
  CHECK(contains(run_tool(bench, {"logs", "last", "poison"}).out, "attempt 3: killed by SIGKILL"));
  SUBCASE("and it stays so") {
    const ToolResult again = run_job(bench, kills_worker, {"--resume"});
    CHECK(again.exit_code == 1);
    CHECK(contains(again.err, "quarantined"));
    CHECK(count_lines(bench.read("witness")) == 3);
  }
  SUBCASE("unless the limit is raised") {
    CHECK(run_job(bench, kills_worker, {"--resume", "--crash-limit", "4"}).exit_code == 1);
    CHECK(count_lines(bench.read("witness")) == 4);
    CHECK(run_job(bench, kills_worker, {"--resume", "--crash-limit", "4"}).exit_code == 1);
    CHECK(count_lines(bench.read("witness")) == 4);
  }
}

TEST_CASE("quarantine: losses are counted over all resumes") {
  ToolBench bench;
  for (int resume = 0; resume < 5; ++resume) {
    CHECK(run_job(bench, kills_worker,
                  resume == 0 ? std::vector<std::string>{} : std::vector<std::string>{"--resume"})
              .exit_code == 1);
    CHECK(count_lines(bench.read("witness")) == static_cast<std::size_t>(std::min(resume + 1, 3)));
  }
  CHECK(ask(bench, "SELECT cause FROM failures") == "quarantined");
}

TEST_CASE("quarantine: a task that kills the tool is stopped as well, however soon it does") {
  ToolBench bench;
  // One at a time: "good" would be charged as well if it was running whenever the tool died.
  CHECK(run_job(bench, kills_tool, {"-j1"}).exit_code == 137);
  CHECK(run_job(bench, kills_tool, {"-j1", "--resume"}).exit_code == 137);
  CHECK(run_job(bench, kills_tool, {"-j1", "--resume"}).exit_code == 137);
  const ToolResult result = run_job(bench, kills_tool, {"-j1", "--resume", "--explain"});
  CHECK(result.exit_code == 1);
  CHECK(count_lines(bench.read("witness")) == 3);
  CHECK(contains(result.err, "poison stays: quarantined"));
  CHECK(contains(result.err, "attempt 1: interrupted: the tool died"));
  CHECK(contains(result.err, "attempt 3: interrupted: the tool died"));
  CHECK(ask(bench, "SELECT count(*) FROM attempts WHERE outcome = 'passed'") == "1");
  clean_up_after_killed_tools(bench);
}

TEST_CASE("quarantine: deliberate stops do not count") {
  ToolBench bench;
  const std::string job =
      "[[task]]\nname = \"t\"\n"
      "shell = \"echo x >> witness; while ! test -e go; do sleep 0.01; done\"\n";
  std::vector<std::string> arguments{"run", bench.write("job.toml", job), "--crash-limit", "1"};
  for (std::size_t stop = 1; stop <= 3; ++stop) {
    CAPTURE(stop);
    ToolProcess tool(bench, arguments);
    REQUIRE(support::eventually([&] { return count_lines(bench.read("witness")) == stop; }));
    tool.send(SIGTERM);
    CHECK(tool.wait().exit_code == 143);
    if (stop == 1) arguments.push_back("--resume");
  }
  bench.write("go", "");
  CHECK(run_tool(bench, arguments).exit_code == 0);
  CHECK(ask(bench, "SELECT max(attempt) FROM attempts") == "4");
}
