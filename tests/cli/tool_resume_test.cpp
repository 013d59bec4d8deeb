// SPDX-License-Identifier: MIT
// tool_resume_test.cpp - run --resume and rerun --failed as a person uses them: what is done stays
// done, what has changed, failed or was left runs. Executions are counted by a witness file, not by
// what the tool says. What is refused, or in use, is in tool_resume_refused_test.cpp.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "resume_support.hpp"
#include "support/patience.hpp"

using namespace procfarm::cli;

TEST_CASE("resume: what is done stays done, what failed runs again, attempts are counted on") {
  ToolBench bench;
  bench.write("bad-2", "");
  CHECK(run_job(bench, witness_job("1, 2, 3")).exit_code == 1);
  CHECK(count_lines(bench.read("witness")) == 3);
  std::filesystem::remove(bench.path("bad-2"));
  const ToolResult result = resume_job(bench, witness_job("1, 2, 3"));
  CHECK(result.exit_code == 0);
  CHECK(contains(result.err, "resuming job: 3 tasks, 2 passed before"));
  CHECK(contains(result.err, "1 passed, 2 done before"));
  CHECK(count_lines(bench.read("witness")) == 4);
  CHECK(ask(bench, "SELECT count(*) FROM attempts WHERE settled AND outcome = 'passed'") == "3");
  CHECK(ask(bench, "SELECT max(attempt) FROM attempts") == "2");
  CHECK(ask(bench, "SELECT state FROM run") == "passed");
  SUBCASE("once more there is nothing left to do") {
    const ToolResult again = resume_job(bench, witness_job("1, 2, 3"));
    CHECK(again.exit_code == 0);
    CHECK(contains(again.err, "0 passed, 3 done before"));
    CHECK(count_lines(bench.read("witness")) == 4);
  }
}

TEST_CASE("resume: a task is known by what it does, wherever it stands") {
  ToolBench bench;
  CHECK(run_job(bench, witness_job("1, 2, 3")).exit_code == 0);
  SUBCASE("more and in another order") {
    const ToolResult result = resume_job(bench, witness_job("9, 3, 1, 2"));
    CHECK(result.exit_code == 0);
    CHECK(contains(result.err, "1 passed, 3 done before"));
    CHECK(bench.read("witness").ends_with("9\n"));
    CHECK(ask(bench,
              "SELECT group_concat(label, '') FROM (SELECT label FROM attempts"
              " ORDER BY instance)") == "9312");
  }
  SUBCASE("fewer: what is no more in the job is put aside") {
    CHECK(resume_job(bench, witness_job("3")).exit_code == 0);
    CHECK(count_lines(bench.read("witness")) == 3);
    CHECK(ask(bench, "SELECT count(*) FROM attempts") == "1");
    CHECK(resume_job(bench, witness_job("1, 2, 3")).exit_code == 0);  // and found again
    CHECK(count_lines(bench.read("witness")) == 3);
  }
  SUBCASE("a task before it") {
    const std::string first = "[[task]]\nname = \"first\"\nshell = \"echo f >> witness\"\n";
    CHECK(resume_job(bench, first + witness_job("1, 2, 3")).exit_code == 0);
    CHECK(count_lines(bench.read("witness")) == 4);
    CHECK(resume_job(bench, witness_job("1, 2, 3")).exit_code == 0);
    CHECK(count_lines(bench.read("witness")) == 4);
    CHECK(ask(bench, "SELECT count(*) FROM tasks") == "1");
  }
}

TEST_CASE("resume: what an instance does has changed, so it runs again") {
  ToolBench bench;
  const auto job = [](const std::string& word) {
    return "[[task]]\nname = \"a\"\nshell = \"echo " + word + " >> witness\"\n" +
           "[[task]]\nname = \"b\"\nshell = \"echo b >> witness\"\n";
  };
  CHECK(run_job(bench, job("one")).exit_code == 0);
  const ToolResult result = resume_job(bench, job("two"), {"--explain"});
  CHECK(result.exit_code == 0);
  CHECK(contains(result.err, "a runs: changed, what it does is different"));
  CHECK(contains(result.err, "b stays: done before in run"));
  CHECK(bench.read("witness").ends_with("two\n"));
  CHECK(count_lines(bench.read("witness")) == 3);
}

TEST_CASE("resume: results and output of what was done are there for what runs now") {
  ToolBench bench;
  const std::string module =
      std::string(std::getenv("PROCFARM_TEST_MODULES")) + "/libtool_functions.so";
  const std::string job = "[modules]\nm = \"" + module + R"("
[[task]]
name = "square"
foreach = { range = [1, 3] }
function = "m.square"
args = ["{{value}}"]
[[task]]
name = "say"
shell = "echo said >> witness; echo hello"
[[task]]
name = "use"
needs = ["square", "say"]
shell = "test -e good && echo {{say.stdout}} && cat {{square.results}}"
)";
  CHECK(run_job(bench, job).exit_code == 1);
  bench.write("good", "");
  CHECK(resume_job(bench, job).exit_code == 0);
  CHECK(run_tool(bench, {"logs", "last", "use", "--raw"}).out == "hello\n\n1\n4\n9\n");
  CHECK(bench.read("witness") == "said\n");
}

TEST_CASE("resume: what was skipped because of a failure runs when that is mended") {
  ToolBench bench;
  bench.write("bad-1", "");
  const std::string job = witness_job("1, 2") +
                          "[[task]]\nname = \"after\"\nneeds = [\"t\"]\n"
                          "shell = \"echo after >> witness\"\n";
  CHECK(contains(run_job(bench, job).err, "1 skipped"));
  std::filesystem::remove(bench.path("bad-1"));
  CHECK(resume_job(bench, job).exit_code == 0);
  CHECK(bench.read("witness").ends_with("1\nafter\n"));
  CHECK(ask(bench,
            "SELECT sum(passed) || '/' || sum(skipped) || '/' || sum(failed)"
            " FROM task_summary") == "3/0/0");
}

TEST_CASE("resume: --dry-run says what would run, and changes nothing") {
  ToolBench bench;
  bench.write("bad-2", "");
  const std::string rest = "[[task]]\nname = \"use\"\nneeds = [\"t\"]\ncommand = [\"true\"]\n";
  CHECK(run_job(bench, witness_job("1, 2, 3") + rest).exit_code == 1);
  const std::string before = bench.read(database_of(bench).substr(bench.path("").size()));
  const ToolResult result = resume_job(bench, witness_job("1, 2, 4") + rest, {"--dry-run"});
  CHECK(result.exit_code == 0);
  CHECK(contains(result.out, "t[0] stays: done before in run"));
  CHECK(contains(result.out, "t[1] runs: failed before"));
  CHECK(contains(result.out, "t[2] runs: changed, what it does is different"));
  CHECK(contains(result.out, "use runs: new, not run before"));
  CHECK(count_lines(bench.read("witness")) == 3);
  CHECK(bench.read(database_of(bench).substr(bench.path("").size())) == before);
}

TEST_CASE("resume: what stands where other work was is new if that work has only moved") {
  ToolBench bench;
  CHECK(run_job(bench, witness_job("1, 2")).exit_code == 0);
  const std::string more = witness_job("7, 8, 1, 9, 2");
  const ToolResult foreseen = resume_job(bench, more, {"--explain", "--dry-run"});
  const ToolResult result = resume_job(bench, more, {"--explain"});
  for (const std::string& said : {foreseen.out, result.err}) {
    CHECK(contains(said, "t[0] runs: new, not run before"));
    CHECK(contains(said, "t[1] runs: new, not run before"));
    CHECK(contains(said, "t[2] stays: done before"));
    CHECK(contains(said, "t[3] runs: new, not run before"));
    CHECK_FALSE(contains(said, "changed"));
  }
  const ToolResult changed = resume_job(bench, witness_job("7, 8, 1, 5, 2"), {"--explain"});
  CHECK(contains(changed.err, "t[3] runs: changed, what it does is different"));
  const std::string next = witness_job("10, 11, 7, 8, 1, 5, 2");
  const ToolResult halted = resume_job(bench, next, {"--explain", "--halt", "soon,done=1"});
  CHECK(halted.exit_code == 5);
  CHECK(contains(halted.err, "t[0] runs: new or changed, the run ended before that was known"));
}

TEST_CASE("resume: of many that stay the first are named and the rest counted") {
  ToolBench bench;
  const std::string job =
      "[[task]]\nname = \"t\"\nforeach = { range = [1, 50] }\ncommand = [\"true\"]\n";
  CHECK(run_job(bench, job).exit_code == 0);
  const ToolResult result = resume_job(bench, job, {"--explain"});
  CHECK(contains(result.err, "t[9] stays"));
  CHECK_FALSE(contains(result.err, "t[10] stays"));
  CHECK(contains(result.err, "of t, 50 stay: done before in run"));
}

TEST_CASE("resume: -k prints what runs now in order, past what was done before") {
  ToolBench bench;
  bench.write("bad-2", "");
  bench.write("bad-4", "");
  const std::string job =
      "[[task]]\nname = \"t\"\nforeach = { range = [1, 4] }\nstdout = \"show\"\n"
      "shell = \"echo {{value}}; test ! -e bad-{{value}}\"\n";
  CHECK(run_job(bench, job).exit_code == 1);
  std::filesystem::remove(bench.path("bad-2"));
  std::filesystem::remove(bench.path("bad-4"));
  const ToolResult result = resume_job(bench, job, {"-k"});
  CHECK(result.exit_code == 0);
  CHECK(result.out == "2\n4\n");
}

TEST_CASE("resume: JSON Lines jobs are resumed line by line") {
  ToolBench bench;
  const auto lines = [](const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
      text += "{\"shell\": \"echo " + word + " >> witness; test ! -e bad-" + word + "\"}\n";
    }
    return text;
  };
  bench.write("bad-b", "");
  bench.write("tasks.jsonl", lines({"a", "b", "c"}));
  CHECK(run_tool(bench, {"run", "tasks.jsonl", "-j", "2"}).exit_code == 1);
  std::filesystem::remove(bench.path("bad-b"));
  bench.write("tasks.jsonl", lines({"new", "a", "b", "c"}));
  const ToolResult result = run_tool(bench, {"run", "--resume", "tasks.jsonl", "-j", "2"});
  CHECK(result.exit_code == 0);
  CHECK(contains(result.err, "2 passed, 2 done before"));
  CHECK(count_lines(bench.read("witness")) == 5);
}

TEST_CASE("resume: the last run that is not complete is gone on with, or the one that is named") {
  ToolBench bench;
  bench.write("bad-1", "");
  CHECK(run_job(bench, witness_job("1, 2")).exit_code == 1);
  const std::string first = std::filesystem::path(database_of(bench)).parent_path().filename();
  std::filesystem::remove(bench.path("bad-1"));
  CHECK(run_job(bench, witness_job("1, 2")).exit_code == 0);
  CHECK(count_lines(bench.read("witness")) == 4);
  SUBCASE("by itself") { CHECK(resume_job(bench, witness_job("1, 2")).exit_code == 0); }
  SUBCASE("by name") {
    bench.write("job.toml", witness_job("1, 2"));
    CHECK(run_tool(bench, {"run", "job.toml", "--resume", first}).exit_code == 0);
  }
  CHECK(count_lines(bench.read("witness")) == 5);
  CHECK(contains(run_tool(bench, {"status", first}).out, "passed"));
}

TEST_CASE("resume: rerun --failed takes the job from the run, also if its file is gone") {
  ToolBench bench;
  bench.write("bad-2", "");
  const std::string job = witness_job("1, 2, 3") +
                          "[[task]]\nname = \"after\"\nneeds = [\"t\"]\n"
                          "shell = \"echo after >> witness\"\n";
  CHECK(run_job(bench, job).exit_code == 1);
  std::filesystem::remove(bench.path("bad-2"));
  std::filesystem::remove(bench.path("job.toml"));
  CHECK(contains(run_tool(bench, {"rerun", "last", "--failed", "--dry-run"}).out,
                 "t[1] runs: failed before"));
  const ToolResult result = run_tool(bench, {"rerun", "last", "--failed"});
  CHECK(result.exit_code == 0);
  CHECK(contains(result.err, "2 passed, 2 done before"));
  CHECK(bench.read("witness").ends_with("2\nafter\n"));
  CHECK(run_tool(bench, {"rerun", "last"}).exit_code == 2);
}

TEST_CASE("resume: what --halt or SIGUSR2 has left is completed afterwards") {
  ToolBench bench;
  const std::string job =
      "[[task]]\nname = \"t\"\nforeach = { range = [1, 40] }\n"
      "shell = \"echo {{value}} >> witness; while ! test -e go; do sleep 0.01; done\"\n";
  SUBCASE("--halt soon") {
    bench.write("go", "");
    CHECK(run_job(bench, job, {"--halt", "soon,done=3"}).exit_code == 5);
    const auto done = count_lines(bench.read("witness"));
    CHECK(done < 40);
    CHECK(resume_job(bench, job, {"--halt", "soon,done=3"}).exit_code == 5);  // of what is new
    CHECK(count_lines(bench.read("witness")) >= done + 3);
  }
  SUBCASE("--halt now") {
    const std::string fails =
        "[[task]]\nname = \"f\"\npriority = 1\n"
        "shell = \"until test -s witness; do sleep 0.01; done; test -e go\"\n";
    CHECK(run_job(bench, fails + job, {"--halt", "now,fail=1"}).exit_code == 5);
    bench.write("go", "");
    CHECK(resume_job(bench, job).exit_code == 0);
    return;
  }
  SUBCASE("SIGUSR2") {
    ToolProcess tool(bench, {"run", bench.write("job.toml", job), "-j", "2"});
    REQUIRE(support::eventually([&] { return count_lines(bench.read("witness")) >= 2; }));
    tool.send(SIGUSR2);
    REQUIRE(support::eventually([&] { return contains(tool.err(), "SIGUSR2"); }));
    bench.write("go", "");
    CHECK(tool.wait().exit_code == 5);
  }
  CHECK(resume_job(bench, job, {"--durability=full"}).exit_code == 0);
  CHECK(count_lines(bench.read("witness")) == 40);
}

TEST_CASE("resume: --only failed runs what failed, by what it does, and leaves the rest") {
  ToolBench bench;
  bench.write("bad-2", "");
  CHECK(run_job(bench, witness_job("1, 2")).exit_code == 1);
  std::filesystem::remove(bench.path("bad-2"));
  const std::string more = witness_job("5, 1, 2");
  const ToolResult foreseen = resume_job(bench, more, {"--only", "failed", "--dry-run"});
  CHECK(foreseen.exit_code == 0);
  CHECK(contains(foreseen.out, "t[0] stays: not one of the failed\n"));
  CHECK(contains(foreseen.out, "t[2] runs: failed before\n"));
  CHECK(resume_job(bench, more, {"--only", "failed"}).exit_code == 0);
  CHECK(count_lines(bench.read("witness")) == 3);
  CHECK_FALSE(contains(bench.read("witness"), "5\n"));
  CHECK(resume_job(bench, more).exit_code == 0);
  CHECK(count_lines(bench.read("witness")) == 4);
  CHECK(contains(bench.read("witness"), "5\n"));
}
