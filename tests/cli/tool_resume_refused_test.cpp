// SPDX-License-Identifier: MIT
// tool_resume_refused_test.cpp - what cannot be resumed is refused with a reason and left as it is;
// a run that goes on is in use, and may be looked at.
#include <doctest/doctest.h>

#include <SQLiteCpp/Database.h>

#include <csignal>
#include <string>
#include <vector>

#include "resume_support.hpp"
#include "support/patience.hpp"

using namespace procfarm::cli;

TEST_CASE("resume: what cannot be resumed is refused with the reason, and nothing is run") {
  ToolBench bench;
  const auto refused = [&bench](const std::vector<std::string>& arguments) {
    const ToolResult result = run_tool(bench, arguments);
    CHECK(result.exit_code == 2);
    return result.err;
  };
  bench.write("job.toml", witness_job("1"));
  CHECK(contains(refused({"run", "job.toml", "--resume"}), "there is no run of"));
  CHECK(contains(refused({"run", "job.toml", "--resume", "2025"}), "no runs in"));
  CHECK_FALSE(bench.exists(".procfarm"));
  CHECK(run_tool(bench, {"run", "job.toml"}).exit_code == 0);
  bench.write("other.toml", witness_job("2"));
  CHECK(contains(refused({"run", "other.toml", "--resume", "last"}), "is of another job: job"));
  CHECK(contains(refused({"run", "other.toml", "--resume"}), "there is no run of"));
  CHECK(contains(refused({"run", "-", "--resume"}), "from standard input"));
  CHECK(contains(refused({"run", "job.toml", "--resume", "./job.toml"}), "Not a directory"));
  CHECK(contains(refused({"run", "job.toml", "--resume", "--no-db"}), "--no-db"));
  CHECK(contains(refused({"run", "job.toml", "--explain"}), "--resume"));
  CHECK(contains(refused({"run", "job.toml", "--crash-limit", "0"}), "at least 1"));
  CHECK(
      contains(refused({"run", "job.toml", "--resume", "--only", "failed", "t"}), "stands alone"));
  bench.write("job.toml",
              "[[task]]\nname = \"t\"\nforeach = { lines = \"-\" }\ncommand = [\"true\"]\n");
  CHECK(contains(refused({"run", "job.toml", "--resume"}), "its data came from standard input"));
  CHECK(bench.read("witness") == "1\n");
}

TEST_CASE("resume: a database that is not ours, newer or damaged is refused and left as it is") {
  ToolBench bench;
  CHECK(run_job(bench, witness_job("1")).exit_code == 0);
  const std::string file = database_of(bench).substr(bench.path("").size());
  std::string reason;
  SUBCASE("newer") {
    SQLite::Database(bench.path(file), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
    reason = "newer procfarm";
  }
  SUBCASE("foreign") {
    bench.write(file, "int main() {}\n");
    reason = "is not a run database";
  }
  SUBCASE("damaged") {
    std::string bytes = bench.read(file);
    for (std::size_t at = 4096; at < bytes.size(); at += 8) bytes[at] = '\xee';
    bench.write(file, bytes);
    reason = "cannot resume";
  }
  const std::string before = bench.read(file);
  const ToolResult result = run_tool(bench, {"run", "job.toml", "--resume", "last"});
  CHECK(result.exit_code == 2);
  CHECK(contains(result.err, reason));
  CHECK(bench.read(file) == before);
}

TEST_CASE("resume: a run that goes on is in use") {
  ToolBench bench;
  bench.write("job.toml",
              "[[task]]\nname = \"t\"\n"
              "shell = \"touch begun; while ! test -e go; do sleep 0.01; done\"\n");
  ToolProcess tool(bench, {"run", "job.toml"});
  REQUIRE(support::eventually([&bench] { return bench.exists("begun"); }));
  const ToolBench other;
  const ToolResult result =
      run_tool(other, {"run", bench.path("job.toml"), "--resume", "--dir", bench.path("")});
  CHECK(result.exit_code == 2);
  CHECK(contains(result.err, "in use by pid " + std::to_string(tool.pid())));
  bench.write("go", "");
  CHECK(tool.wait().exit_code == 0);
}

TEST_CASE("resume: whoever looks at a run that goes on takes nothing from it") {
  // Each waits for a file: so it is known how far the run is when it is looked at, and killed.
  const auto waits = [](const std::string& name, const std::string& needs) {
    return "[[task]]\nname = \"" + name + "\"\nshell = \"echo " + name +
           " | tee -a witness; while ! test -e go-" + name + "; do sleep 0.01; done\"\n" + needs;
  };
  ToolBench bench;
  bench.write("job.toml", waits("a", "") + waits("b", "needs = ['a']\nenv.A = '{{a.stdout}}'\n") +
                              waits("c", "needs = ['b']\n"));
  const auto begun = [&bench](const std::string& name) {
    return support::eventually([&] { return contains(bench.read("witness"), name + "\n"); });
  };
  std::vector<std::string> arguments{"run", "job.toml", "-v"};
  SUBCASE("a new one") {}
  SUBCASE("a resumed one") {
    ToolProcess first(bench, arguments);
    REQUIRE(begun("a"));
    first.send(SIGKILL);
    CHECK(first.wait().exit_code == 137);
    arguments.push_back("--resume");
  }
  bench.write("witness", "");
  ToolProcess tool(bench, arguments);
  REQUIRE(begun("a"));
  bench.write("go-a", "");
  REQUIRE(begun("b"));
  CHECK(run_tool(bench, {"status"}).exit_code == 0);
  {  // as sqlite3 opens it
    SQLite::Database database(database_of(bench), SQLite::OPEN_READWRITE);
    CHECK(database.execAndGet("PRAGMA journal_mode").getString() == "wal");
  }
  bench.write("go-b", "");
  REQUIRE(begun("c"));
  REQUIRE(support::eventually([&tool] { return contains(tool.err(), "s] b\n"); }));
  tool.send(SIGKILL);
  CHECK(tool.wait().exit_code == 137);
  bench.write("go-c", "");
  const ToolResult result = run_tool(bench, {"run", "job.toml", "--resume"});
  CHECK(result.exit_code == 0);
  CHECK(contains(result.err, "1 passed, 2 done before"));
  CHECK(bench.read("witness") == "a\nb\nc\nc\n");
  clean_up_after_killed_tools(bench);
}
