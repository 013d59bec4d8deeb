// SPDX-License-Identifier: MIT
// tool_bad_input_test.cpp - what a person gets wrong in files, values and options: each is one line
// that says where, and nothing is half done. The table in docs/reliability.md names what other
// tests show.
#include <doctest/doctest.h>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/patience.hpp"
#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

/// Refused with 2 and these words, and nothing was made.
void check_refused(const ToolBench& bench, const std::vector<std::string>& arguments,
                   const std::string& words) {
  const ToolResult result = run_tool(bench, arguments);
  CAPTURE(arguments.back());
  CAPTURE(result.err);
  CHECK(result.exit_code == 2);
  CHECK(contains(result.err, words));
  CHECK(count_lines(result.err) <= 2);  // the second tells where help is
  CHECK_FALSE(bench.exists(".procfarm"));
}

std::size_t files_in(const std::string& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

}  // namespace

TEST_CASE("bad input: a job file that is none is named with the reason") {
  ToolBench bench;
  std::filesystem::create_directory(bench.path("folder.toml"));
  REQUIRE(::mkfifo(bench.path("pipe.toml").c_str(), 0600) == 0);
  REQUIRE(::mkfifo(bench.path("pipe.jsonl").c_str(), 0600) == 0);
  check_refused(bench, {"run", "none.toml"}, "none.toml: cannot open the job file: No such file");
  check_refused(bench, {"run", "none.jsonl"}, "none.jsonl: cannot open the job file: No such file");
  check_refused(bench, {"run", "folder.toml"}, "folder.toml: cannot read the job file: Is a direc");
  check_refused(bench, {"run", "pipe.toml"}, "pipe.toml: cannot read the job file: nobody writes");
  check_refused(bench, {"run", "pipe.jsonl"}, "pipe.jsonl: cannot read the job file: nobody wri");
}

TEST_CASE("bad input: an empty job is none that fails, and says that it is empty") {
  ToolBench bench;
  for (const char* job : {"/dev/null", "-"}) {
    const ToolResult result = run_tool(bench, {"run", job});
    CAPTURE(job);
    CHECK(result.exit_code == 0);
    CHECK(contains(result.err, "the job has no tasks"));
  }
}

TEST_CASE("bad input: a task whose data is empty has nothing to do, and says so") {
  ToolBench bench;
  bench.write("empty.txt", "");
  bench.write("job.toml", R"([[task]]
name = "pictures"
foreach = { glob = "*.picture" }
command = ["/bin/false"]
[[task]]
name = "lines"
foreach = { lines = "empty.txt" }
command = ["/bin/false"]
)");
  const ToolResult result = run_tool(bench, {"run", "job.toml"});
  CHECK(result.exit_code == 0);
  CHECK(contains(result.err, "task 'pictures': nothing matches *.picture\n"));
  CHECK(contains(result.err, "task 'lines': no rows in empty.txt\n"));
  const ToolResult each = run_tool(bench, {"each", "empty.txt", "--", "/bin/false"});
  CHECK(each.exit_code == 0);
  CHECK(contains(each.err, "no rows in empty.txt\n"));
}

TEST_CASE("bad input: a matrix that excludes all it has is a task without instances") {
  ToolBench bench;
  const ToolResult result = run_job(bench, R"([[task]]
name = "none"
matrix = { x = [1] }
exclude = [{ x = 1 }]
command = ["echo", "{{x}}"]
[[task]]
name = "values"
foreach = { values = [] }
command = ["echo", "{{value}}"]
[[task]]
name = "one"
command = ["true"]
needs = ["none"]
)");
  CHECK(result.exit_code == 0);
  CHECK(contains(result.err, "running job: 1 task, "));
  CHECK(contains(result.err, "task 'none': its data has no rows\n"));
  CHECK(contains(result.err, "task 'values': its data has no rows\n"));
  CHECK(contains(result.err, "1 passed"));
  CHECK(contains(result.err, " Summary "));
  CHECK(run_tool(bench, {"plan", "job.toml"}).exit_code == 0);
}

TEST_CASE("bad input: bytes that are no text are refused at their place; BOM and CRLF are not") {
  ToolBench bench;
  bench.write("utf8.toml", "[[task]]\nname = \"a\"\ncommand = [\"echo\", \"\xff\"]\n");
  check_refused(bench, {"run", "utf8.toml"}, "utf8.toml:3:21: byte 0xff is no valid UTF-8");
  bench.write("nul.toml", std::string("[[task]]\nname = \"a\"\0\n", 20));
  check_refused(bench, {"run", "nul.toml"}, "nul.toml:2:11: the job file has a NUL byte");
  bench.write("bom.toml",
              "\xef\xbb\xbf[[task]]\r\nname = \"a\"\r\nshell = \"echo hi\"\r\n"
              "stdout = \"show\"");
  const ToolResult result = run_tool(bench, {"run", "bom.toml", "-q"});
  CHECK(result.exit_code == 0);
  CHECK(result.out == "hi\n");
}

TEST_CASE("bad input: a value that is too long for a command fails its task with the reason") {
  ToolBench bench;
  bench.write("lines.txt", std::string(200'000, 'x') + "\nshort\n");
  const ToolResult result =
      run_tool(bench, {"each", "lines.txt", "-k", "-j", "2", "--", "echo", "{{line}}"});
  CHECK(result.exit_code == 1);
  CHECK(result.out == "short\n");
  CHECK(contains(result.err, "cannot execute 'echo': Argument list too long"));
}

TEST_CASE("bad input: a value does not lead out of its directory through a link") {
  ToolBench bench;
  std::filesystem::create_directory(bench.path("elsewhere"));
  std::filesystem::create_directories(bench.path("out/inside"));
  std::filesystem::create_directory_symlink(bench.path("elsewhere"), bench.path("out/link"));
  std::filesystem::create_directory_symlink("inside", bench.path("out/fine"));
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "t"
foreach = { values = ["link/x", "fine/x", "link/new/x"] }
command = ["echo", "text"]
stdout = "out/{{value}}"
)");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "\"out/link/x\" is not a path inside of \"out/\""));
  CHECK(files_in(bench.path("elsewhere")) == 0);
  CHECK(bench.read("out/inside/x") == "text\n");
}

TEST_CASE("bad input: outputs that cannot be files fail their task, or are written as they are") {
  ToolBench bench;
  std::filesystem::create_directory(bench.path("folder"));
  REQUIRE(::mkfifo(bench.path("pipe").c_str(), 0600) == 0);
  const auto run_with = [&bench](const std::string& path) {
    return run_job(bench, "[[task]]\nname = \"t\"\ncommand = [\"echo\", \"text\"]\nstdout = \"" +
                              path + "\"\n");
  };
  const ToolResult folder = run_with("folder");
  CHECK(folder.exit_code == 4);
  CHECK(contains(folder.err, "folder: Is a directory"));
  const ToolResult pipe = run_with("pipe");
  CHECK(pipe.exit_code == 4);
  CHECK(contains(pipe.err, "pipe: nobody reads this FIFO"));
  // One that is read gets what is written, and its end only then.
  const std::string reader = "cat '" + bench.path("pipe") + "' >'" + bench.path("read") + "' &";
  REQUIRE(std::system(reader.c_str()) == 0);
  CHECK(support::eventually([&] { return run_with("pipe").exit_code == 0; }));
  CHECK(support::eventually([&] { return bench.read("read") == "text\n"; }));
  const ToolResult long_name = run_with(std::string(256, 'x'));
  CHECK(long_name.exit_code == 4);
  CHECK(contains(long_name.err, "File name too long"));
  CHECK(run_with("/dev/null").exit_code == 0);
  CHECK(run_with(std::string(255, 'y')).exit_code == 0);
  CHECK(bench.read(std::string(255, 'y')) == "text\n");
}

TEST_CASE("bad input: a directory that vanishes during the run fails its task") {
  ToolBench bench;
  std::filesystem::create_directory(bench.path("vanishes"));
  const ToolResult result = run_job(bench, R"(
[[task]]
name = "a"
shell = "rmdir vanishes"
[[task]]
name = "b"
needs = ["a"]
command = ["true"]
cwd = "vanishes"
)");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "vanishes': No such file or directory"));
  bench.write("job.toml", "[[task]]\nname = \"a\"\ncommand = [\"true\"]\ncwd = \"vanishes\"\n");
  CHECK(run_tool(bench, {"run", "job.toml"}).exit_code == 2);
}

TEST_CASE("bad input: options with values they do not take, or that contradict each other") {
  ToolBench bench;
  bench.write("job.toml", "[[task]]\nname = \"a\"\ncommand = [\"true\"]\n");
  check_refused(bench, {"run", "job.toml", "--bar=3"}, "--bar takes no value");
  check_refused(bench, {"run", "job.toml", "-q", "-v"}, "--quiet");
  check_refused(bench, {"results", "last", "--json", "--csv"}, "--csv");
  check_refused(bench, {"logs", "last", "--attempt", "0"}, "--attempt: '0' is none");
  for (const char* option : {"--joblog", "--results", "--dir"}) {
    check_refused(bench, {"run", "job.toml", option, ""}, "an empty name names no file");
  }
  check_refused(bench, {"export", "last", "csv", "-o", ""}, "an empty name names no file");
}

TEST_CASE("bad input: --only with what the job does not have") {
  ToolBench bench;
  bench.write("job.toml",
              "[[task]]\nname = \"a\"\ncommand = [\"true\"]\n[[task]]\nname = \"rows\"\n"
              "foreach = { range = [1, 3] }\ncommand = [\"true\"]\n");
  for (const char* command : {"run", "plan"}) {
    const auto refused = [&](const std::string& selector, const std::string& words) {
      check_refused(bench, {command, "job.toml", "--only", selector}, words);
    };
    refused("b", "--only b: there is no such task");
    refused("a[1]", "--only a[1]: there is no such task");
    refused("rows[3-9]", "--only rows[3-9]: there is no such task");
    refused("tag:x", "--only tag:x: there is no such task");
    refused("tag:", "'tag:' selects nothing");
    refused("", "--only: an empty text selects nothing");
    refused("failed", "--only failed: a new run has no failed tasks");
  }
}

TEST_CASE("bad input: --only with what a stream or its rows turn out not to have") {
  ToolBench bench;
  bench.write("tasks.jsonl", "{\"name\": \"a\", \"command\": [\"true\"]}\n");
  bench.write("rows.txt", "1\n2\n3\n");
  bench.write("none.txt", "");
  bench.write("job.toml",
              "[[task]]\nname = \"rows\"\nforeach = { lines = \"rows.txt\" }\n"
              "command = [\"true\"]\n[[task]]\nname = \"none\"\n"
              "foreach = { lines = \"none.txt\" }\ncommand = [\"true\"]\n");
  const auto run = [&bench](const char* job, const char* selector) {
    return run_tool(bench, {"run", job, "--only", selector});
  };
  const ToolResult stream = run("tasks.jsonl", "nobody");
  CHECK(stream.exit_code == 2);
  CHECK(contains(stream.err, "procfarm: --only nobody: there is no such task\n"));
  CHECK(run("tasks.jsonl", "a").exit_code == 0);
  const ToolResult rows = run("job.toml", "rows[7]");
  CHECK(rows.exit_code == 2);
  CHECK(contains(rows.err, "procfarm: --only rows[7]: there is no such task\n"));
  CHECK(run("job.toml", "rows[2-7]").exit_code == 0);
  CHECK(run("job.toml", "none").exit_code == 0);
}

TEST_CASE("bad input: more places than there are descriptors for are refused with both numbers") {
  ToolBench bench;
  bench.write("job.toml", "[[task]]\nname = \"a\"\ncommand = [\"true\"]\n");
  check_refused(bench, {"run", "job.toml", "-j", "2000000000"},
                "12000000064 open files are needed");
}

TEST_CASE("bad input: a job log or results that cannot be written are told before there is a run") {
  ToolBench bench;
  bench.write("job.toml", "[[task]]\nname = \"a\"\ncommand = [\"touch\", \"made\"]\n");
  for (const char* option : {"--joblog", "--results"}) {
    const ToolResult result = run_tool(bench, {"run", "job.toml", option, "/proc/none/there"});
    CAPTURE(option);
    CHECK(result.exit_code == 4);
    CHECK(contains(result.err, "/proc/none/there: No such file or directory"));
    CHECK_FALSE(bench.exists("made"));
    CHECK_FALSE(bench.exists(".procfarm"));
  }
}

TEST_CASE("bad input: a file that is no run database is refused and left as it is") {
  ToolBench bench;
  bench.write("source/run.db", "int main() {}\n");
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"status"}, {"logs"}, {"results"}, {"export"}}) {
    std::vector<std::string> words = command;
    words.push_back("./source");
    if (command.front() == "export") words.push_back("csv");
    const ToolResult result = run_tool(bench, words);
    CHECK(result.exit_code == 2);
    CHECK(contains(result.err, "source/run.db is not a run database of procfarm"));
  }
  CHECK(bench.read("source/run.db") == "int main() {}\n");
  CHECK(files_in(bench.path("source")) == 1);
}
