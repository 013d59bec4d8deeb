// SPDX-License-Identifier: MIT
// tool_bad_module_test.cpp - modules that cannot be loaded, and some that should not be: the worker
// that tries pays for it, the tool says what it was.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

std::string library() {
  const char* folder = std::getenv("PROCFARM_TEST_MODULES");
  if (folder == nullptr) throw std::runtime_error("PROCFARM_TEST_MODULES is not set");
  return std::string(folder) + "/libtool_functions.so";
}

/// What stands before the 20 bytes of a build-id: sizes of name and id, kind, name.
const std::string build_id_note("\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0", 16);

/// A copy of a library of ours.
void copy_library(const ToolBench& bench, const std::string& name) {
  std::filesystem::copy_file(library(), bench.path(name));
}

void overwrite(const std::string& file, std::streamoff at, char byte) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(at);
  stream.put(byte);
}

/// `run` with the module is refused with these words, before there is a run.
void check_refused(const ToolBench& bench, const std::string& module, const std::string& words) {
  bench.write("job.toml", "[modules]\nm = \"" + module +
                              "\"\n[[task]]\nname = \"a\"\nfunction = \"m.square\"\nargs = [3]\n");
  const ToolResult result = run_tool(bench, {"run", "job.toml", "-j", "1"});
  CAPTURE(module);
  CAPTURE(result.err);
  CHECK(result.exit_code == 2);
  CHECK(contains(result.err, words));
  CHECK(count_lines(result.err) == 1);
  CHECK_FALSE(bench.exists(".procfarm"));
}

}  // namespace

TEST_CASE("bad module: what is no library for this machine is refused with the reason") {
  ToolBench bench;
  check_refused(bench, "none.so", "none.so: No such file or directory");
  bench.write("text.so", "text");
  check_refused(bench, "text.so", "no ELF file");
  copy_library(bench, "other.so");
  overwrite(bench.path("other.so"), 18, '\xf3');  // e_machine
  check_refused(bench, "other.so", "other.so: is built for another kind of machine");
  copy_library(bench, "short.so");
  std::filesystem::resize_file(bench.path("short.so"), 5000);
  check_refused(bench, "short.so", "short.so cannot be loaded");
  copy_library(bench, "open.so");
  std::filesystem::permissions(bench.path("open.so"), std::filesystem::perms(0666));
  check_refused(bench, "open.so", "open.so: is writable for everyone");
}

TEST_CASE("bad module: a library that exports nothing is refused with what its author has to do") {
  ToolBench bench;
  const char* folders[] = {"/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib64", "/lib"};
  for (const char* folder : folders) {
    const std::string file = std::string(folder) + "/libm.so.6";
    if (!std::filesystem::exists(file)) continue;
    check_refused(bench, file, "exports no functions: use PROCFARM_EXPORT");
    return;
  }
  MESSAGE("no libm.so.6 was found");
}

TEST_CASE("bad module: one that is cut short during the run costs its task, nothing else") {
  ToolBench bench;
  copy_library(bench, "lib.so");
  const ToolResult result = run_job(bench, R"(
[modules]
m = "lib.so"
[[task]]
name = "before"
function = "m.square"
args = [3]
[[task]]
name = "cut"
needs = ["before"]
shell = "truncate -s 4096 lib.so"
[[task]]
name = "after"
needs = ["cut"]
function = "m.square"
args = [4]
[[task]]
name = "last"
needs = ["after"]
when = "always"
command = ["true"]
)");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "3 passed, 1 failed"));
  CHECK(contains(run_tool(bench, {"logs", "last", "after"}).out, "== after, attempt 1: "));
  CHECK(run_tool(bench, {"results", "last"}).out == "before[0]: 9\n");
}

TEST_CASE("bad module: one that is replaced by another build during the run is refused") {
  ToolBench bench;
  copy_library(bench, "lib.so");
  copy_library(bench, "other.so");
  const std::string bytes = bench.read("other.so");
  const std::size_t note = bytes.find(build_id_note);
  if (note == std::string::npos) {
    MESSAGE("the library has no build-id");
    return;
  }
  const std::size_t id = note + build_id_note.size();
  overwrite(bench.path("other.so"), static_cast<std::streamoff>(id), static_cast<char>(~bytes[id]));
  const ToolResult result = run_job(bench, R"(
[modules]
m = "lib.so"
[[task]]
name = "before"
function = "m.square"
args = [3]
[[task]]
name = "replace"
needs = ["before"]
shell = "mv other.so lib.so"
[[task]]
name = "crash"
needs = ["replace"]
function = "m.crash"
[[task]]
name = "after"
needs = [{ task = "crash" }]
when = "always"
function = "m.square"
args = [4]
)",
                                    {"-j", "1"});
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, "lib.so is another build than when the run began"));
  CHECK(run_tool(bench, {"results", "last"}).out == "before[0]: 9\n");
}

TEST_CASE("bad module: what it does when it is loaded harms only the worker that tries") {
  ToolBench bench;
  const auto loaded = [&bench](const std::string& what) {
    return run_tool(bench, {"functions", library()},
                    {.environment = {"TOOL_FUNCTIONS_LOAD=" + what}});
  };
  for (const char* what : {"abort", "throw"}) {
    const ToolResult result = loaded(what);
    CAPTURE(what);
    CHECK(result.exit_code == 2);
    CHECK(contains(result.err, "cannot be loaded: the worker that tried was killed by SIGABRT"));
  }
  const ToolResult left = loaded("exit");
  CHECK(left.exit_code == 2);
  CHECK(contains(left.err, "cannot be loaded: the worker that tried exited with 7"));
  const ToolResult forked = loaded("fork");  // the child must be gone: the test looks for it
  CHECK(forked.exit_code == 0);
  CHECK(contains(forked.out, "square(n: uint64) -> uint64"));
}
