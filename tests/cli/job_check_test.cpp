// SPDX-License-Identifier: MIT
// job_check_test.cpp - jobs whose keys are right one by one but that cannot be run.
#include "coordinator/cli/job_check.hpp"

#include <doctest/doctest.h>

#include "cli/job_support.hpp"
#include "cli/scratch_directory.hpp"

namespace procfarm::cli {
namespace {

const std::string plain_task = "[[task]]\nname = \"a\"\ncommand = [\"x\"]\n";
const std::string repeated_task = plain_task + "foreach = { range = [0, 3] }\n";

TEST_CASE("needs that cannot be met are told at their place") {
  CHECK(checking_error(plain_task + "needs = [\"a\"]") == "job.toml:4:10: task 'a' needs itself");
  CHECK(checking_error("[[task]]\nname = \"digest\"\nshell = \"true\"\n" + plain_task +
                       "needs = [\"diggest\"]") ==
        "job.toml:7:10: task 'a' needs unknown task 'diggest' (did you mean 'digest'?)");
}

TEST_CASE("a cycle is printed, without the tasks that only wait for it") {
  CHECK(checking_error("[[task]]\nname = \"first\"\nshell = \"true\"\nneeds = [\"b\"]\n" +
                       plain_task +
                       "needs = [\"b\"]\n"
                       "[[task]]\nname = \"b\"\nshell = \"true\"\nneeds = [\"c\"]\n"
                       "[[task]]\nname = \"c\"\nshell = \"true\"\nneeds = [\"a\"]\n") ==
        "job.toml:12:10: cycle of needs: b -> c -> a -> b");
}

TEST_CASE("the same index needs two repeated tasks of the same size") {
  const std::string need = "needs = [{ task = \"a\", match = \"same\" }]\n";
  const std::string other = repeated_task + "[[task]]\nname = \"b\"\nshell = \"true\"\n" + need;
  CHECK(checking_error(other) ==
        "job.toml:8:19: match = \"same\" between 'b' and 'a': 'b' is not repeated (use match = "
        "\"all\")");
  CHECK(checking_error(other + "foreach = { range = [1, 3] }") ==
        "job.toml:8:19: match = \"same\": 'b' has 3 instances, but 'a' has 4");
  CHECK(checking_error(other + "foreach = { range = [1, 4] }") == "");
}

TEST_CASE("places, pools and modules must be there") {
  CHECK(checking_error(plain_task + "cpus = 9") ==
        "job.toml:4:8: task 'a' takes 9 places, but with -j 4 there are not so many (lower cpus or "
        "raise -j)");
  CHECK(checking_error(plain_task + "pool = \"dsk\"\n[pools]\ndisk = 1") ==
        "job.toml:4:8: task 'a' uses unknown pool 'dsk' (did you mean 'disk'?)");
  CHECK(checking_error("[[task]]\nname = \"a\"\nfunction = \"text.f\"") ==
        "job.toml:3:12: task 'a' calls 'text.f', but there is no module 'text' ([modules] names "
        "them)");
  CHECK(checking_error("[modules]\ntext = \"lib/text.so\"") ==
        "job.toml:2:8: module 'text': /nowhere/lib/text.so: No such file or directory");
}

TEST_CASE("an unknown placeholder is told with the nearest name") {
  CHECK(checking_error("[[task]]\nname = \"a\"\nforeach = { values = [\"x\"], as = \"path\" }\n"
                       "command = [\"x\", \"{{pth}}\"]") ==
        "job.toml:4:18: unknown placeholder 'pth' in task 'a' (did you mean 'path'?)");
  CHECK(checking_error(plain_task + "cwd = \"{{x}}\"") ==
        "job.toml:4:8: unknown placeholder 'x' in task 'a'");
  CHECK(checking_error(plain_task +
                       "env = { A = \"{{index}} {{count}} {{attempt}} {{task}} {{run}} "
                       "{{rundir.name}} {{worker}}\" }") == "");
}

TEST_CASE("the names of a matrix are known also if all its combinations are excluded") {
  const std::string matrix =
      "[[task]]\nname = \"a\"\nmatrix = { x = [1, 2] }\nexclude = [{ x = 1 }, { x = 2 }]\n";
  CHECK(checking_error(matrix + "shell = \"echo {{x}}\"") == "");
  CHECK(checking_error(matrix + "shell = \"echo {{level}}\"") ==
        "job.toml:5:15: unknown placeholder 'level' in task 'a'");
}

TEST_CASE("a name that not every combination has is refused where it is used") {
  const std::string matrix = "[[task]]\nname = \"a\"\nmatrix = { x = [1, 2] }\n";
  const std::string uses = "shell = \"echo {{x}} {{color}}\"\n";
  CHECK(checking_error(matrix + "include = [{ x = 1, color = \"red\" }]\n" + uses) ==
        "job.toml:5:21: 'color' is not in every combination of task 'a': { x = 2 } lacks it (an "
        "entry of include can add it)");
  CHECK(checking_error(matrix + "include = [{ color = \"red\" }]\n" + uses) == "");
  CHECK(checking_error(matrix + "include = [{ x = 1, color = \"red\" }]\nshell = \"echo {{x}}\"") ==
        "");
  CHECK(checking_error(
            "[[task]]\nname = \"a\"\ninclude = [{ color = \"red\", y = 1 }, { x = 1 }]\n" + uses) ==
        "job.toml:4:15: 'x' is not in every combination of task 'a': { color = \"red\", y = 1 } "
        "lacks it (an entry of include can add it)");
}

TEST_CASE("a task's result is for those who need it, one by one or as a list") {
  const std::string function =
      "[modules]\nm = \"/bin/sh\"\n[[task]]\nname = \"a\"\nfunction = \"m.f\"\n";
  const std::string user = "[[task]]\nname = \"b\"\ncommand = [\"x\", \"{{a.result}}\"]\n";
  CHECK(
      checking_error(function + user) ==
      "job.toml:8:18: 'a.result' in task 'b': 'a' is not among its needs (write needs = [\"a\"])");
  CHECK(checking_error(function + "matrix = { n = [1, 2] }\n" + user + "needs = [\"a\"]") ==
        "job.toml:9:18: 'a.result' in task 'b': 'a' has many instances ({{a.results}} is the list "
        "of them all)");
  CHECK(checking_error(function + user + "needs = [\"a\"]") == "");
  CHECK(
      checking_error(function + user + "needs = [\"a\"]\nforeach = { values = [1], as = \"a\" }") ==
      "job.toml:8:18: 'a' is a variable of task 'b' itself and has no result (rename the variable "
      "to reach the task of that name)");
}

TEST_CASE("a command has no result, only what it printed") {
  const auto user = [](const std::string& placeholder) {
    return "[[task]]\nname = \"b\"\ncommand = [\"x\", \"{{" + placeholder +
           "}}\"]\nneeds = [\"a\"]\n";
  };
  for (const std::string accessor : {"result", "results"}) {
    const std::string used = "a." + accessor;
    CHECK(checking_error(plain_task + user(used)) ==
          "job.toml:6:18: '" + used +
              "' in task 'b': 'a' is no function and has no result (what it printed is "
              "{{a.stdout}})");
  }
  CHECK(checking_error(plain_task + user("a.stdout")) == "");
  CHECK(checking_error(repeated_task + user("a.stdout")) ==
        "job.toml:7:18: 'a.stdout' in task 'b': 'a' has many instances (a task that is repeated "
        "too has the one of its own index)");
  CHECK(checking_error(plain_task + "stdout = \"none\"\n" + user("a.stdout")) ==
        "job.toml:7:18: 'a.stdout' in task 'b': what 'a' prints goes nowhere, as its stdout is "
        "\"none\" (leave out its stdout, or write \"capture\")");
  CHECK(checking_error(plain_task + "stdout = \"out\"\n" + user("a.stdout")) ==
        "job.toml:7:18: 'a.stdout' in task 'b': what 'a' prints goes into a file (name that file "
        "instead)");
}

TEST_CASE("the header of a csv file gives the names") {
  const ScratchDirectory directory;
  directory.write("d.csv", "id,n\n1,2\n");
  const std::string task = "[[task]]\nname = \"a\"\nforeach = { csv = \"d.csv\" }\n";
  CHECK(checking_error(task + "command = [\"{{id}}\"]", directory.path()) == "");
  CHECK(checking_error(task + "command = [\"{{ids}}\"]", directory.path()) ==
        "job.toml:4:13: unknown placeholder 'ids' in task 'a' (did you mean 'id'?)");
}

TEST_CASE("no two instances may write the same file") {
  CHECK(checking_error(plain_task + "stdout = \"o.txt\"\n[[task]]\nname = \"b\"\nshell = \"true\"\n"
                                    "outputs = [\"./o.txt\"]") ==
        "job.toml:8:13: tasks 'a' and 'b' both write \"./o.txt\"");
  CHECK(checking_error(plain_task + "stdout = \"o.txt\"\nstderr = \"o.txt\"") ==
        "job.toml:5:11: stdout and stderr of task 'a' both write \"o.txt\"");
  CHECK(checking_error(plain_task + "stdout = \"o.txt\"\noutputs = [\"o.txt\"]") == "");
  CHECK(checking_error(repeated_task + "stdout = \"{{run}}.txt\"") ==
        "job.toml:5:11: 'stdout' of task 'a' is the same path for all its instances (put {{index}} "
        "or one of its variables into it)");
  CHECK(checking_error(repeated_task + "stdout = \"{{value}}.txt\"") == "");
}

TEST_CASE("a stream's file has the name of a file") {
  for (const std::string path : {".", "/", "x/", "x/..", "out/{{index}}/"}) {
    CHECK(checking_error(plain_task + "stderr = \"" + path + "\"") ==
          "job.toml:4:11: stderr of task 'a': " + path + ": Is a directory");
  }
  CHECK(checking_error(plain_task + "stderr = \"x/.y\"") == "");
}

TEST_CASE("what a task reads must be there or be written by another one") {
  const ScratchDirectory directory;
  const auto error = [&directory](const std::string& text) {
    return checking_error(text, directory.path());
  };
  const std::string advice =
      "No such file or directory (if another task writes it, name it in that one's outputs)";
  CHECK(error(plain_task + "foreach = { lines = \"urls.txt\" }") ==
        "job.toml:4:21: data of task 'a': urls.txt: " + advice);
  CHECK(error(plain_task + "stdin = { file = \"in\" }") ==
        "job.toml:4:19: stdin of task 'a': in: " + advice);
  CHECK(error(plain_task + "cwd = \"work\"") == "job.toml:4:8: cwd of task 'a': work: " + advice);
  directory.write("file", "");
  CHECK(error(plain_task + "cwd = \"file\"") ==
        "job.toml:4:8: cwd of task 'a': file: Not a directory");
  CHECK(error(plain_task + "foreach = { csv = \"l.csv\" }\ncwd = \"{{x}}\"\nneeds = [\"b\"]\n"
                           "[[task]]\nname = \"b\"\nshell = \"true\"\nstdout = \"l.csv\"") == "");
}

TEST_CASE("standard input is read by one task only, and not counted") {
  const std::string data = "foreach = { lines = \"-\" }\n";
  CHECK(checking_error(plain_task + data + "[[task]]\nname = \"b\"\nshell = \"true\"\n" + data) ==
        "job.toml:8:21: task 'b' reads standard input, which 'a' already reads");
  CHECK(checking_error(plain_task + data + "env = { N = \"{{count}}\" }") ==
        "job.toml:5:14: 'count' is not known in task 'a': its data is read only once");
  for (const char* kind : {"csv", "tsv", "jsonl"}) {  // whose variables are not known before
    const std::string piped = std::string("foreach = { ") + kind + " = \"-\" }\n";
    CHECK(checking_error(plain_task + piped + "env = { N = \"{{count}}\" }") ==
          "job.toml:5:14: 'count' is not known in task 'a': its data is read only once");
  }
}

TEST_CASE("a stream's task may need those before it, and no name comes twice") {
  const Job job = job_of(plain_task + "[[task]]\nname = \"b\"\nshell = \"true\"\nneeds = [\"a\"]");
  JobChecker checker(job, {});
  checker.declare(job.tasks[0]);
  checker.check(job.tasks[0]);
  checker.declare(job.tasks[1]);
  checker.check(job.tasks[1]);
  CHECK(error_of([&] { checker.declare(job.tasks[0]); }) ==
        "job.toml:2:8: task 'a' is defined twice (first at job.toml:1:1)");
}

}  // namespace
}  // namespace procfarm::cli
