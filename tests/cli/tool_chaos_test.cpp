// SPDX-License-Identifier: MIT
// tool_chaos_test.cpp - the tool is killed at random moments and resumed until all is done. What
// really ran stands in a witness file, one line for each execution, which is compared with the run
// database afterwards: it would show a task that ran twice even if the tool said otherwise.
// PROCFARM_CHAOS_TASKS and PROCFARM_CHAOS_SEED make it larger and different: see tests/chaos/.
#include <doctest/doctest.h>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "support/patience.hpp"
#include "support/sanitizers.hpp"
#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

unsigned long number_from(const char* variable, unsigned long otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoul(text, nullptr, 10);
}

constexpr int patience_with_the_tool_ms = 10'000;  // that takes up its run, or writes

using Counts = std::map<std::uint64_t, int>;  // of each instance

Counts executions(const ToolBench& bench) {
  Counts counts;
  std::ifstream witness(bench.path("witness"));
  for (std::uint64_t index = 0; witness >> index;) ++counts[index];
  return counts;
}

std::string database_of(const ToolBench& bench) {
  if (!bench.exists(".procfarm/runs")) return {};
  for (const auto& run : std::filesystem::directory_iterator(bench.path(".procfarm/runs"))) {
    if (std::filesystem::exists(run.path() / "run.db")) return (run.path() / "run.db").string();
  }
  return {};
}

/// A column of instance numbers and one of counts; nothing if the file was never complete: the tool
/// was killed while it made it, before anything could run.
Counts ask(const ToolBench& bench, const char* query) {
  Counts counts;
  const std::string file = database_of(bench);
  if (file.empty()) return counts;
  try {
    SQLite::Database database(file, SQLite::OPEN_READWRITE, patience_with_the_tool_ms);
    SQLite::Statement row(database, query);
    while (row.executeStep()) {
      counts[static_cast<std::uint64_t>(row.getColumn(0).getInt64())] = row.getColumn(1).getInt();
    }
  } catch (const SQLite::Exception& error) {
    CAPTURE(error.what());
    CHECK(counts.empty());
    CHECK(executions(bench).empty());
  }
  return counts;
}

std::size_t occurrences(const std::string& text, const std::string& wanted) {
  std::size_t count = 0;
  for (auto at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1))
    ++count;
  return count;
}

constexpr const char* passed_query =
    "SELECT instance, count(*) FROM attempts WHERE settled AND outcome = 'passed'"
    " GROUP BY instance";
std::string chaos_job(unsigned long tasks) {
  return "[[task]]\nname = \"t\"\nforeach = { range = [0, " + std::to_string(tasks - 1) +
         "] }\nshell = \"echo {{value}} >> witness\"\n";
}

/// What was done at some moment may not be executed any more after it.
class DoneBefore {
 public:
  void look(const ToolBench& bench) {
    const Counts passed = ask(bench, passed_query);
    const Counts now = executions(bench);  // after it: of what has passed this is all
    for (const auto& [index, unused] : passed) {
      const auto entry = now.find(index);
      known_.emplace(index, entry == now.end() ? 0 : entry->second);
    }
  }
  std::size_t size() const { return known_.size(); }
  /// Whether all that had been executed before some moment was done when it was looked at last.
  bool has_all_of(const Counts& executed) const {
    return std::all_of(executed.begin(), executed.end(),
                       [this](const auto& each) { return known_.count(each.first) != 0; });
  }
  /// How many were executed again.
  int repeated(const ToolBench& bench) const {
    const Counts now = executions(bench);
    return static_cast<int>(std::count_if(known_.begin(), known_.end(), [&now](const auto& each) {
      const auto entry = now.find(each.first);
      return entry == now.end() || entry->second != each.second;
    }));
  }

 private:
  Counts known_;
};

/// Of a finished batch: each instance has one end, and none was executed more often than the limit.
void check_finished(const ToolBench& bench, unsigned long tasks, int limit) {
  const Counts passed = ask(bench, passed_query);
  const Counts ran = executions(bench);
  CHECK(passed.size() == tasks);
  CHECK(ran.size() == tasks);
  const auto wrong = std::count_if(ran.begin(), ran.end(), [&passed, limit](const auto& each) {
    const auto end = passed.find(each.first);
    return each.second > limit || end == passed.end() || end->second != 1;
  });
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE(
    "chaos: killed at random and resumed, every task is done once and none that was done runs "
    "again" *
    doctest::timeout(900)) {
  const auto tasks = number_from("PROCFARM_CHAOS_TASKS", 300);
  const auto seed = number_from("PROCFARM_CHAOS_SEED", 20260311);
  CAPTURE(tasks);
  CAPTURE(seed);
  constexpr int limit = 3;
  std::mt19937_64 random(seed);
  ToolBench bench;
  bench.write("job.toml", chaos_job(tasks));
  bench.write("witness", "");
  std::vector<std::string> arguments{"run", "job.toml", "-j", "2"};
  DoneBefore done;
  int kills = 0;
  for (int exit_code = -1; exit_code != 0;) {
    const Counts before = executions(bench);
    const std::size_t until =
        count_lines(bench.read("witness")) + 1 + random() % std::min(tasks / 6, 300UL);
    ToolProcess tool(bench, arguments);
    bool ended = false;
    REQUIRE(support::eventually([&] {
      ended = contains(tool.err(), "Summary");
      return ended || count_lines(bench.read("witness")) >= until;
    }));
    // What was in flight at the last kill must be done: chance alone shall not quarantine.
    REQUIRE(support::eventually([&] {
      ended = ended || contains(tool.err(), "Summary");
      if (!ended) done.look(bench);
      return ended || done.has_all_of(before);
    }));
    if (!ended) {
      tool.send(SIGKILL);
      ++kills;
    }
    exit_code = tool.wait().exit_code;
    CHECK((exit_code == 0 || exit_code == 137));
    done.look(bench);
    arguments = {"run", "job.toml", "-j", "2", "--resume"};
    REQUIRE(kills < 1000);
  }
  CHECK(kills >= 3);
  CHECK(done.size() == tasks);
  CHECK(done.repeated(bench) == 0);
  check_finished(bench, tasks, limit);
  clean_up_after_killed_tools(bench);
  MESSAGE(tasks << " tasks, " << kills << " kills, " << count_lines(bench.read("witness"))
                << " executions");
}

// Each task starts when the tool has heard of the end of the one before: so what has ended is
// known here without a look at the tool, to the very moment of the kill.
TEST_CASE("chaos: killed at random and resumed, no task runs again whose end was heard of" *
          doctest::timeout(900)) {
  const auto tasks = number_from("PROCFARM_CHAOS_TASKS", 600) / 2;
  const auto seed = number_from("PROCFARM_CHAOS_SEED", 20260311);
  CAPTURE(tasks);
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  ToolBench bench;
  std::string job;
  for (unsigned long task = 0; task < tasks; ++task) {
    const std::string number = std::to_string(task);
    job += "[[task]]\nname = \"t" + number + "\"\nshell = \"echo " + number + " >> witness\"\n";
    if (task > 0) job += "needs = [\"t" + std::to_string(task - 1) + "\"]\n";
  }
  bench.write("job.toml", job);
  bench.write("witness", "");
  std::vector<std::string> arguments{"run", "job.toml", "-j", "2"};
  int kills = 0;
  for (int exit_code = -1; exit_code != 0;) {
    // Two at least: what was in flight at the last kill has ended then, and is not quarantined.
    const std::size_t until = count_lines(bench.read("witness")) + 2 + random() % (tasks / 10);
    ToolProcess tool(bench, arguments);
    bool ended = false;
    REQUIRE(support::eventually([&] {
      ended = contains(tool.err(), "Summary");
      return ended || count_lines(bench.read("witness")) >= until;
    }));
    if (!ended) {
      tool.send(SIGKILL);
      ++kills;
    }
    exit_code = tool.wait().exit_code;
    REQUIRE((exit_code == 0 || exit_code == 137));
    const ToolResult plan = run_tool(bench, {"run", "job.toml", "--resume", "--dry-run"});
    CHECK(occurrences(plan.out, " stays: done before") + 1 >= executions(bench).size());
    arguments = {"run", "job.toml", "-j", "2", "--resume"};
  }
  CHECK(kills >= 3);
  const Counts ran = executions(bench);
  CHECK(ran.size() == tasks);
  CHECK(count_lines(bench.read("witness")) <= tasks + static_cast<std::size_t>(kills));
  clean_up_after_killed_tools(bench);
  MESSAGE(tasks << " tasks, " << kills << " kills, " << count_lines(bench.read("witness"))
                << " executions");
}

TEST_CASE("chaos: killed at each write of the run database, the run is resumed without a loss" *
          doctest::timeout(900)) {
  if (support::address_sanitizer || support::thread_sanitizer)
    return;  // they do not go together with a preloaded library
  const std::string shim =
      std::string(std::getenv("PROCFARM_TEST_MODULES")) + "/libkill_at_write.so";
  constexpr unsigned long tasks = 6;
  int killed = 0;
  bool passed = false;
  for (int write = 1; !passed; write += write < 8 ? 1 : 3) {
    CAPTURE(write);
    ToolBench bench;
    bench.write("job.toml", chaos_job(tasks));
    bench.write("witness", "");
    const ToolResult first = run_tool(
        bench, {"run", "job.toml", "-j", "2"},
        {.environment = {"LD_PRELOAD=" + shim, "PROCFARM_TEST_KILL_AT=" + std::to_string(write)}});
    passed = first.exit_code == 0;
    CHECK((passed || first.exit_code == 137));
    killed += passed ? 0 : 1;
    DoneBefore done;
    done.look(bench);
    ToolResult result = run_tool(bench, {"run", "job.toml", "-j", "2", "--resume"});
    if (result.exit_code == 2) {  // there was no database yet: then nothing can have run
      CHECK(executions(bench).empty());
      result = run_tool(bench, {"run", "job.toml", "-j", "2"});
    } else {
      CHECK(done.repeated(bench) == 0);
      check_finished(bench, tasks, 2);
    }
    CHECK(result.exit_code == 0);
    REQUIRE(write < 400);
  }
  CHECK(killed > 10);
  clean_up_after_killed_tools(ToolBench());
}
