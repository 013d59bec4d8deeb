// SPDX-License-Identifier: MIT
// work_hash_test.cpp - what counts for an instance's hash, and what does not.
#include "coordinator/cli/work_hash.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "cli/job_support.hpp"
#include "cli/scratch_directory.hpp"

namespace procfarm::cli {
namespace {

/// As in a run of this number.
std::string hash_of(const Job& job, int run, const std::string& module = {}) {
  const ResolveContext context{.run = "run" + std::to_string(run),
                               .rundir = "/runs/" + std::to_string(run),
                               .attempt = run,
                               .worker = run,
                               .count = 1};
  const TaskSpec& task = job.tasks[0];
  const Instance instance = instances_of(job, task).at(0);
  return WorkHasher(job, task, module)
      .hash(instance, resolve(job, task, instance, context), context);
}

std::string hash_of(const std::string& keys, int run = 1, const std::string& module = {}) {
  return hash_of(job_of("[[task]]\nname = \"a\"\n" + keys), run, module);
}

}  // namespace

TEST_CASE("work hash: values of the run do not count") {
  for (const char* keys :
       {"command = [\"x\"]", "command = [\"x\", \"{{run}}\", \"{{attempt}}\"]",
        "shell = \"x {{rundir}}/{{worker}}\"", "command = [\"x\"]\nstdout = \"{{rundir}}/out\""}) {
    CAPTURE(keys);
    CHECK(hash_of(keys, 1) == hash_of(keys, 2));
    CHECK(hash_of(keys).size() == 16);
  }
}

TEST_CASE("work hash: everything that is done counts") {
  const std::string plain = hash_of("command = [\"x\"]");
  for (const char* other :
       {"command = [\"x\", \"\"]", "shell = \"x\"", "command = [\"x\"]\nenv = { A = \"\" }",
        "command = [\"x\"]\nenv_clear = true", "command = [\"x\"]\ncwd = \"/\"",
        "command = [\"x\"]\nstdin = \"y\"", "command = [\"x\"]\nstdout = \"y\"",
        "command = [\"x\"]\noutputs = [\"y\"]", "command = [\"x\"]\ninputs = [\"y\"]"}) {
    CAPTURE(other);
    CHECK(hash_of(other) != plain);
  }
  CHECK(hash_of("command = [\"x\"]\nretries = 3\ntimeout = \"1s\"") == plain);
}

TEST_CASE("work hash: a function counts with its arguments and its module's build") {
  const std::string call = "function = \"m.f\"\nargs = [1, \"2\", [3]]\n[modules]\nm = \"/m.so\"\n";
  CHECK(hash_of(call, 1, "build 1") == hash_of(call, 2, "build 1"));
  CHECK(hash_of(call, 1, "build 1") != hash_of(call, 1, "build 2"));
  const std::string other = "function = \"m.f\"\nargs = [1, 2, [3]]\n[modules]\nm = \"/m.so\"\n";
  CHECK(hash_of(call, 1, "build 1") != hash_of(other, 1, "build 1"));
}

TEST_CASE("work hash: a declared input that has changed counts") {
  const ScratchDirectory directory;
  const std::string input = directory.write("input", "one");
  const std::string keys = "command = [\"x\"]\ninputs = [\"" + input + "\"]";
  const std::string before = hash_of(keys);
  CHECK(hash_of(keys) == before);
  directory.write("input", "other");
  CHECK(hash_of(keys) != before);
  std::filesystem::remove(input);
  CHECK(hash_of(keys) != before);
}

TEST_CASE("work hash: a module without a build-id is known by its file") {
  const ScratchDirectory directory;
  const std::string file = directory.write("m.so", "x");
  CHECK(module_identity(file, "abc") == "abc");
  const std::string identity = module_identity(file, "");
  CHECK_FALSE(identity.empty());
  directory.write("m.so", "xyz");
  CHECK(module_identity(file, "") != identity);
}

}  // namespace procfarm::cli
