// SPDX-License-Identifier: MIT
// run_directory_test.cpp - ids that sort, names that find, and a lock that excludes.
#include "coordinator/cli/run_directory.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "run_fixture.hpp"

namespace procfarm::cli {
namespace {

using namespace std::chrono_literals;

RunDirectory with_database(RunDirectory run) {
  std::ofstream(run.database()) << "x";
  return run;
}

TEST_CASE("a run's id tells the time, and its directory is private") {
  const ScratchDirectory base;
  const RunDirectory run = create_run_directory(base.path(), noon);
  CHECK(run.id().starts_with("20260311-120000-"));
  CHECK(run.id().size() == 19);
  struct stat status {};
  REQUIRE(::stat(run.path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
}

TEST_CASE(
    "runs of the same second, and after the clock went back, sort in the order of their making") {
  const ScratchDirectory base;
  std::string before = create_run_directory(base.path(), noon).id();
  for (int i = 0; i < 50; ++i) {
    const std::string next = create_run_directory(base.path(), noon - i * 1s).id();
    CHECK(next > before);
    before = next;
  }
}

TEST_CASE("nothing and 'last' mean the newest run, else the newest that begins so") {
  const ScratchDirectory base;
  const RunDirectory old = with_database(create_run_directory(base.path(), noon - 24h));
  const RunDirectory first = with_database(create_run_directory(base.path(), noon));
  const RunDirectory second = with_database(create_run_directory(base.path(), noon));
  create_run_directory(base.path(), noon + 1s);  // no database: killed while it started
  CHECK(find_run(base.path(), "").id() == second.id());
  CHECK(find_run(base.path(), "last").id() == second.id());
  CHECK(find_run(base.path(), "20260310").id() == old.id());
  CHECK(find_run(base.path(), "2026").id() == second.id());
  CHECK(find_run(base.path(), first.id()).id() == first.id());
  CHECK(find_run(base.path(), first.path.string() + "/").id() == first.id());
}

TEST_CASE("a run that is not there is an error that says what to do") {
  const ScratchDirectory base;
  CHECK_THROWS_WITH_AS(find_run(base.path(), ""), doctest::Contains("procfarm run JOB"), RunError);
  with_database(create_run_directory(base.path(), noon));
  CHECK_THROWS_WITH_AS(find_run(base.path(), "2031"), doctest::Contains("procfarm runs"), RunError);
}

TEST_CASE("a base directory that cannot be written is named with the cause") {
  CHECK_THROWS_WITH_AS(create_run_directory("/proc", noon), doctest::Contains("/proc/.procfarm"),
                       RunError);
}

TEST_CASE("a second lock is refused and tells who holds the first") {
  const ScratchDirectory base;
  const RunDirectory run = create_run_directory(base.path(), noon);
  CHECK_FALSE(run_lock_holder(run));
  {
    const RunLock lock(run);
    CHECK(run_lock_holder(run) == ::getpid());
    const std::string expected = "in use by pid " + std::to_string(::getpid());
    CHECK_THROWS_WITH_AS(RunLock{run}, doctest::Contains(expected.c_str()), RunError);
  }
  CHECK_FALSE(run_lock_holder(run));
  const RunLock again(run);
}

TEST_CASE("the lock of a process that was killed is free") {
  const ScratchDirectory base;
  const RunDirectory run = create_run_directory(base.path(), noon);
  const pid_t child = ::fork();
  if (child == 0) {
    const RunLock lock(run);
    ::raise(SIGKILL);
  }
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK_FALSE(run_lock_holder(run));
  const RunLock lock(run);
}

}  // namespace
}  // namespace procfarm::cli
