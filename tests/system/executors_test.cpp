// SPDX-License-Identifier: MIT
// executors_test.cpp - the rules that all executors share, and programs that end with thread pools.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <procfarm/executor.hpp>
#include <procfarm/serial_executor.hpp>
#include <procfarm/this_task.hpp>
#include <procfarm/thread_pool_executor.hpp>
#include <procfarm/wait.hpp>

#include "farm.hpp"
#include "program.hpp"

using namespace farm;

namespace {

int add(int a, int b) { return a + b; }
int fail_for(int value) {
  if (value == 3) throw std::out_of_range("three");
  return value;
}
int attempt_until(int good) {
  if (this_task::attempt() < good) throw std::runtime_error("not yet");
  return this_task::attempt();
}

/// Runs `body` in a forked copy of this process; true if it throws std::logic_error there.
template <class Body>
bool refused_in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      body();
    } catch (const std::logic_error&) {
      ::_exit(0);
    }
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int total(Executor auto& executor, const std::vector<int>& inputs) {
  int sum = 0;
  for (const int value : executor.template map<doubled>(inputs)) sum += value;
  return sum;
}

}  // namespace

static_assert(Executor<ProcessPoolExecutor>);
static_assert(Executor<ThreadPoolExecutor>);
static_assert(Executor<SerialExecutor>);
static_assert(!Executor<Submitter>);

#define PROCFARM_EXECUTORS ProcessPoolExecutor, ThreadPoolExecutor, SerialExecutor

TEST_CASE_TEMPLATE("any executor: submit, map and with give the same results", E,
                   PROCFARM_EXECUTORS) {
  E executor(2);
  CHECK(executor.template submit<add>(1, 2).result() == 3);
  CHECK(executor.submit([](int x) { return x * x; }, 7).result() == 49);
  CHECK(executor.submit([](auto text) { return text + "!"; }, "text").result() == "text!");
  executor.submit([] {}).result();
  CHECK(total(executor, {1, 2, 3}) == 12);
  CHECK(total(executor, {}) == 0);
  auto named = executor.with({.name = "named"});
  auto future = named.template submit<doubled>(4);
  CHECK(future.result() == 8);
  CHECK(future.info().name == "named");
  std::vector<int> sums;
  const std::vector<int> left{1, 2, 3}, right{10, 20};
  for (const int sum : named.map([](int a, int b) { return a + b; }, left, right)) {
    sums.push_back(sum);
  }
  CHECK(sums == std::vector<int>{11, 22});
}

TEST_CASE_TEMPLATE("any executor: what a task throws comes back as its type, again and again", E,
                   PROCFARM_EXECUTORS) {
  E executor(1);
  auto future = executor.template submit<fail_for>(3);
  for (int i = 0; i < 2; ++i) {
    CHECK(std::string(error_of<std::out_of_range>(future).what()) == "three");
  }
  CHECK(future.exception() != future.exception());
  CHECK(executor.stats().failed == 1);
}

TEST_CASE_TEMPLATE("any executor: the first error ends a map, after the results before it", E,
                   PROCFARM_EXECUTORS) {
  E executor(2);
  std::vector<int> seen;
  const auto read = [&] {
    for (const int value : executor.template map<fail_for>(std::vector{1, 2, 3, 4})) {
      seen.push_back(value);
    }
  };
  CHECK_THROWS_AS(read(), std::out_of_range);
  CHECK(seen == std::vector<int>{1, 2});
  CHECK_THROWS_AS(executor.template map<doubled>(MapOptions{.buffersize = 0}, seen),
                  std::invalid_argument);
}

TEST_CASE_TEMPLATE("any executor: further attempts and tasks that come after others", E,
                   PROCFARM_EXECUTORS) {
  E executor(1);
  auto again = executor.with({.retry = {.max_attempts = 3}});
  auto future = again.template submit<attempt_until>(3);
  CHECK(future.result() == 3);
  CHECK(future.info().attempts == 3);
  auto failed = executor.template submit<fail_for>(3);
  CHECK(executor.with({.after = {future}}).template submit<doubled>(1).result() == 2);
  auto refused = executor.with({.after = {future, failed}}).template submit<doubled>(1);
  CHECK(holds(error_of<DependencyError>(refused).what(), "three"));
}

TEST_CASE_TEMPLATE("any executor: after shutdown nothing is accepted, results stay", E,
                   PROCFARM_EXECUTORS) {
  E executor(1);
  auto future = executor.template submit<doubled>(1);
  std::atomic<int> called = 0;
  future.add_done_callback([&called](const Future<int>&) { ++called; });
  executor.shutdown();
  executor.shutdown();
  CHECK(called == 1);
  CHECK(future.result() == 2);
  CHECK_THROWS_WITH_AS(executor.template submit<doubled>(1),
                       "cannot schedule new futures after shutdown", ShutdownError);
  CHECK(executor.stats().done == 1);
}

TEST_CASE_TEMPLATE("any executor: max_workers must be greater than 0", E, PROCFARM_EXECUTORS) {
  CHECK_THROWS_WITH_AS(E(0), "max_workers must be greater than 0", std::invalid_argument);
}

TEST_CASE("futures of all executors are waited for together") {
  ProcessPoolExecutor processes(1);
  ThreadPoolExecutor threads(1);
  SerialExecutor serial;
  const std::vector<AnyFuture> futures{processes.submit<doubled>(1), threads.submit<doubled>(2),
                                       serial.submit<doubled>(3)};
  CHECK(wait(futures).done.size() == 3);
  std::size_t count = 0;
  for (const auto& future : as_completed(futures)) count += future.done() ? 1 : 0;
  CHECK(count == 3);
  auto after_all = threads.with({.after = futures}).submit<doubled>(4);
  CHECK(after_all.result() == 8);
}

TEST_CASE("a thread pool used in a forked child throws, and the parent is unharmed") {
  Gate gate;
  ThreadPoolExecutor threads(1);
  auto future = threads.submit<pass>(gate.path());
  CHECK(eventually([&] { return future.running(); }));
  CHECK(refused_in_child([&] { threads.submit<doubled>(1); }));
  CHECK(refused_in_child([&] { future.result(); }));
  CHECK(refused_in_child([&] { (void)wait(std::vector{future}); }));
  CHECK(refused_in_child([&] { (void)threads.stats(); }));
  CHECK(refused_in_child([&] {
    const ThreadPoolExecutor taken = std::move(threads);  // its destructor does not wait
    throw std::logic_error("through");
  }));
  gate.open();
  CHECK(future.result() == ::getpid());
}

TEST_CASE("[program] ends while its threads are at work" * doctest::skip()) {
  share_directory();
  auto& pool = *new ThreadPoolExecutor(2);
  static ThreadPoolExecutor last(1);
  for (int i = 0; i < 20; ++i) pool.submit<note>(handed("JOURNAL"), "ran");
  for (int i = 0; i < 20; ++i) last.submit<note>(handed("JOURNAL"), "ran");
  std::exit(5);
}

TEST_CASE("a program that ends without shutdown lets the work of its threads finish") {
  Journal journal;
  Program program("[program] ends while its threads are at work", {{"JOURNAL", journal.path()}});
  CHECK(WEXITSTATUS(program.wait()) == 5);
  CHECK(journal.lines().size() == 40);
}
