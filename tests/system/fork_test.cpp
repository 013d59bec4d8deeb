// SPDX-License-Identifier: MIT
// fork_test.cpp - a program that forks while it has an executor, and one without init().
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <procfarm/serial_executor.hpp>
#include <procfarm/thread_pool_executor.hpp>
#include <procfarm/wait.hpp>

#include "farm.hpp"
#include "program.hpp"

using namespace farm;

namespace {

/// Runs `body` in a forked copy of this process; true if it returned true there.
template <class Body>
bool in_forked_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    bool good = false;
    try {
      good = body();
    } catch (...) {
    }
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

template <class Call>
bool throws_logic_error(Call call) {
  try {
    call();
  } catch (const std::logic_error&) {
    return true;
  }
  return false;
}

/// Runs before main, so before init().
const bool tried_without_init = [] {
  const char* journal = std::getenv("PROCFARM_TEST_WITHOUT_INIT");
  if (journal == nullptr) return false;
  for (const StartMethod method : {StartMethod::forkserver, StartMethod::spawn}) {
    try {
      ProcessPoolExecutor pool({.max_workers = 1, .start_method = method});
      note(journal, "it was built");
    } catch (const std::logic_error& error) {
      note(journal, error.what());
    }
  }
  ProcessPoolExecutor pool({.max_workers = 1, .start_method = StartMethod::fork});
  note(journal, std::to_string(pool.submit<doubled>(21).result()));
  pool.shutdown();
  ::_exit(0);
}();

}  // namespace

TEST_CASE("an executor used in a forked child throws there; here it goes on") {
  Gate gate;
  auto pool = std::make_unique<ProcessPoolExecutor>(1);
  auto running = pool->submit<pass>(gate.path());
  auto pending = pool->submit<doubled>(21);
  CHECK(eventually([&] { return running.running(); }));
  CHECK(in_forked_child([&] {
    return throws_logic_error([&] { pool->submit<doubled>(1); }) &&
           throws_logic_error([&] { pool->map<doubled>(std::vector<int>{1}); }) &&
           throws_logic_error([&] { pool->kill_workers(); }) &&
           throws_logic_error([&] { pool->stats(); }) &&
           throws_logic_error([&] { pending.add_done_callback([](const Future<int>&) {}); }) &&
           throws_logic_error([&] { pool->workers(); });
  }));
  CHECK(running.running());
  gate.open();
  CHECK(pending.result() == 42);
  CHECK(pool->submit<doubled>(1).result() == 2);
}

TEST_CASE("a destructor and a shutdown in a forked child do nothing") {
  Gate gate;
  auto pool = std::make_unique<ProcessPoolExecutor>(1);
  auto running = pool->submit<pass>(gate.path());
  CHECK(in_forked_child([&] {
    pool->shutdown();
    pool.reset();
    return true;
  }));
  CHECK_FALSE(running.done());
  gate.open();
  CHECK(running.result() > 0);
  CHECK(pool->submit<doubled>(1).result() == 2);
}

TEST_CASE("a forked child cannot wait for a future or cancel it; finished ones it can read") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto finished = pool.submit<doubled>(4);
  finished.result();
  auto running = pool.submit<pass>(gate.path());
  auto pending = pool.submit<doubled>(21);
  CHECK(eventually([&] { return running.running(); }));
  CHECK(in_forked_child([&] { return finished.result() == 8; }));
  CHECK(in_forked_child([&] { return throws_logic_error([&] { pending.result(); }); }));
  CHECK(in_forked_child([&] { return throws_logic_error([&] { pending.result(1h); }); }));
  CHECK(in_forked_child([&] { return throws_logic_error([&] { pending.cancel(); }); }));
  CHECK(
      in_forked_child([&] { return throws_logic_error([&] { pending.cancel(cancel_running); }); }));
  CHECK(in_forked_child([&] { return throws_logic_error([&] { wait(std::vector{pending}); }); }));
  CHECK(in_forked_child([&] {  // nor have a task of its own wait for it
    SerialExecutor own;
    return throws_logic_error([&] { own.with({.after = {pending}}).submit<doubled>(1); });
  }));
  gate.open();
  CHECK(pending.result() == 42);
}

TEST_CASE("a forked child may have an executor of its own" * doctest::skip(!threads_after_fork)) {
  ProcessPoolExecutor pool(1);
  CHECK(pool.submit<doubled>(1).result() == 2);
  CHECK(in_forked_child([] {
    ProcessPoolExecutor own(1);
    return own.submit<doubled>(21).result() == 42;
  }));
  CHECK(pool.submit<doubled>(1).result() == 2);
}

// AddressSanitizer's allocator does not survive the fork of a process whose threads use it.
TEST_CASE("a forked child's executor refuses what is to wait for the parent's task, and ends" *
          doctest::skip(!threads_after_fork || support::address_sanitizer)) {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto pending = pool.submit<pass>(gate.path());
  CHECK(eventually([&] { return pending.running(); }));
  CHECK(in_forked_child([&] {
    ProcessPoolExecutor own(1);
    ThreadPoolExecutor threads(1);
    const TaskOptions behind{.after = {pending}};
    return throws_logic_error([&] { own.with(behind).submit<doubled>(1); }) &&
           throws_logic_error([&] { threads.with(behind).submit<doubled>(1); }) &&
           own.stats().pending == 0 && threads.stats().pending == 0;
  }));
  gate.open();
}

TEST_CASE("a forked child that lives on does not hold up the shutdown") {
  auto pool = std::make_unique<ProcessPoolExecutor>(1);
  CHECK(pool->submit<doubled>(1).result() == 2);
  int ends_of_pipe[2];
  REQUIRE(::pipe(ends_of_pipe) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char end = 0;
    ::close(ends_of_pipe[1]);
    ::_exit(::read(ends_of_pipe[0], &end, 1) == 0 ? 0 : 1);
  }
  pool->shutdown();
  CHECK(alive(child));
  ::close(ends_of_pipe[0]);
  ::close(ends_of_pipe[1]);
  ::waitpid(child, nullptr, 0);
}

TEST_CASE("without init() an executor is refused, and the text names the line that is missing") {
  Journal journal;
  Program program("no test case", {{"PROCFARM_TEST_WITHOUT_INIT", journal.path()}});
  CHECK(WEXITSTATUS(program.wait()) == 0);
  const auto lines = journal.lines();
  REQUIRE(lines.size() == 3);
  CHECK(holds(lines[0], "procfarm::init(argc, argv)"));
  CHECK(lines[1] == lines[0]);
  CHECK(lines[2] == "42");  // StartMethod::fork needs none
}
