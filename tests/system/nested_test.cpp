// SPDX-License-Identifier: MIT
// nested_test.cpp - tasks that do what programs do: executors, processes and threads of their own.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <procfarm/this_task.hpp>

#include "farm.hpp"
#include "support/process_tree.hpp"

using namespace farm;

namespace {

int sum_in_own_pool(int count) {
  ProcessPoolExecutor pool(2);
  int sum = 0;
  for (const int value : pool.map<doubled>(std::vector<int>(static_cast<std::size_t>(count), 1))) {
    sum += value;
  }
  return sum;
}

int nested(int depth) {
  if (depth == 0) return 0;
  ProcessPoolExecutor pool(1);
  return 1 + pool.submit<nested>(depth - 1).result();
}

void pool_and_for_ever(const std::string& journal) {
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<run_for_ever>(journal);
  future.result();
}

/// Both sides return: the child from the copy of the task.
int fork_and_return(const std::string& journal) {
  const pid_t child = ::fork();
  note(journal, child == 0 ? "child" : "parent");
  if (child == 0) return -1;
  ::waitpid(child, nullptr, 0);
  return 1;
}
int fork_and_throw() {
  if (::fork() == 0) throw std::runtime_error("in the child");
  ::wait(nullptr);
  return 1;
}
int fork_and_exit() {
  if (::fork() == 0) std::exit(9);
  int status = 0;
  ::wait(&status);
  return WEXITSTATUS(status);
}

int with_threads(int count) {
  std::vector<std::future<int>> parts;
  for (int i = 0; i < count; ++i) parts.push_back(std::async(std::launch::async, doubled, i));
  int sum = 0;
  for (auto& part : parts) sum += part.get();
  return sum;
}
int leave_thread() {
  std::thread([] {
    for (;;) ::pause();
  }).detach();
  return 1;
}

std::unique_ptr<ProcessPoolExecutor> pool_of_the_program;
bool refused_to_use_it() {
  try {
    pool_of_the_program->submit<doubled>(1).result();
  } catch (const std::logic_error&) {
    return true;
  }
  return false;
}

int directories_of_executors() {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::temp_directory_path())) {
    count += entry.path().filename().string().starts_with("procfarm-");
  }
  return count;
}

}  // namespace

TEST_CASE("a task may have an executor of its own") {
  ProcessPoolExecutor pool(1);
  CHECK(pool.submit<sum_in_own_pool>(10).result() == 20);
  CHECK(pool.submit<sum_in_own_pool>(3).result() == 6);
  for (const StartMethod method : {StartMethod::spawn, StartMethod::fork}) {
    if (method == StartMethod::fork && !threads_after_fork) continue;
    ProcessPoolExecutor other({.max_workers = 1, .start_method = method});
    CHECK(other.submit<sum_in_own_pool>(10).result() == 20);
  }
}

TEST_CASE("executors in tasks of executors in tasks") {
  ProcessPoolExecutor pool(1);
  CHECK(pool.submit<nested>(4).result() == 4);
}

TEST_CASE("a cancelled task takes its own executor with it") {
  for (const Duration grace : {Duration(0s), Duration(10min)}) {  // killed; it ends by itself
    Journal journal;
    ProcessPoolExecutor pool(1);
    auto future = pool.with({.grace = grace}).submit<pool_and_for_ever>(journal.path());
    const pid_t inner = pids_in(journal, 1).at(0);
    CHECK(future.cancel(cancel_running));
    CHECK_THROWS_AS(future.result(), CancelledError);
    CHECK(ends(inner));
  }
  // The directory of one that was killed goes with the next executor.
  CHECK(eventually([] {
    ProcessPoolExecutor(1).shutdown();
    return directories_of_executors() == 0;
  }));
}

TEST_CASE("a task that forks and lets its child return does not create a second worker") {
  for (const StartMethod method : {StartMethod::forkserver, StartMethod::spawn}) {
    Journal journal;
    ProcessPoolExecutor pool({.max_workers = 1, .start_method = method});
    const int worker = pool.submit<process_id>().result();
    CHECK(pool.submit<fork_and_return>(journal.path()).result() == 1);
    CHECK(pool.submit<fork_and_throw>().result() == 1);
    CHECK(pool.submit<fork_and_exit>().result() == 9);
    std::vector<std::string> expected;
    for (int i = 0; i < 50; ++i) {
      pool.submit<note>(journal.path(), "once");
      expected.push_back("once");
    }
    CHECK(pool.submit<process_id>().result() == worker);
    auto lines = journal.lines();
    REQUIRE(lines.size() == 52);
    lines.erase(lines.begin(), lines.begin() + 2);
    CHECK(lines == expected);
    CHECK(support::children_of(worker).empty());
    CHECK(pool.stats().late_results == 0);
  }
}

TEST_CASE("a task may use threads, and leave one behind") {
  ProcessPoolExecutor pool(1);
  CHECK(pool.submit<with_threads>(10).result() == 90);
  CHECK(pool.submit<leave_thread>().result() == 1);
  CHECK(pool.submit<doubled>(1).result() == 2);
}

TEST_CASE(
    "a worker that inherited the program's executor cannot use it: that throws, nothing hangs") {
  pool_of_the_program = std::make_unique<ProcessPoolExecutor>(1);
  {
    ProcessPoolExecutor forked({.max_workers = 1, .start_method = StartMethod::fork});
    CHECK(forked.submit<refused_to_use_it>().result());
  }
  CHECK(pool_of_the_program->submit<doubled>(1).result() == 2);
  pool_of_the_program.reset();
}

TEST_CASE("only tasks are in a worker") {
  CHECK_FALSE(this_task::in_worker());
  CHECK(this_task::attempt() == 0);
  CHECK(this_task::id().empty());
  CHECK_FALSE(this_task::stop_requested());
  this_task::progress(0.5, "goes nowhere");
  ProcessPoolExecutor pool(1);
  CHECK(pool.submit([] { return this_task::in_worker(); }).result());
}
