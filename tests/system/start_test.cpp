// SPDX-License-Identifier: MIT
// start_test.cpp - how workers come to be: start methods, preload, initializer, environment.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "farm.hpp"
#include "support/process_tree.hpp"

using namespace farm;

namespace {

constexpr StartMethod all_methods[] = {StartMethod::forkserver, StartMethod::spawn,
                                       StartMethod::fork};

std::string variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "unset" : value;
}

int loaded = 0;  // set by load(), in the supervisor
void load(int value, const std::string& journal) {
  loaded = value;
  note(journal, std::to_string(::getpid()));
}
int what_was_loaded() { return loaded; }
void fail_to_load() { throw std::runtime_error("no such table"); }
void load_and_leave_thread() {
  std::thread([] {
    for (;;) ::pause();
  }).detach();
}

void note_start(const std::string& journal) { note(journal, std::to_string(::getpid())); }
void refuse_to_start() { throw std::invalid_argument("no licence"); }
void die_at_start(const std::string& journal) {
  note(journal, std::to_string(::getpid()));
  ::raise(SIGSEGV);
}
int in_value = 0;
int value_of_the_program() { return in_value; }

}  // namespace

TEST_CASE("a program that is none of ours cannot serve: that is an error, nothing hangs") {
  CHECK_THROWS_AS(ProcessPoolExecutor(ProcessPoolOptions{.program = "/nowhere/at/all"}),
                  std::system_error);
  for (const char* program : {"/bin/true", "/bin/false"}) {
    CAPTURE(program);
    ProcessPoolExecutor pool({.max_workers = 1, .program = program});
    try {
      auto future = pool.submit<doubled>(1);
      CHECK_FALSE(std::string(error_of<BrokenProcessPool>(future).what()).empty());
    } catch (const BrokenProcessPool&) {  // it was known before the submit
    }
    CHECK_THROWS_AS(pool.submit<doubled>(1), BrokenProcessPool);
  }
}

TEST_CASE("the basic things work with each start method") {
  for (const StartMethod method : all_methods) {
    CAPTURE(static_cast<int>(method));
    Journal journal, daemons;
    Gate gate;
    ProcessPoolExecutor pool({.max_workers = 2, .start_method = method});
    CHECK(pool.submit<doubled>(21).result() == 42);
    CHECK(pool.submit([](const std::string& text) { return text + "!"; }, "hello").result() ==
          "hello!");
    CHECK_THROWS_AS(pool.submit<refuse_to_start>().result(), std::invalid_argument);
    CHECK(error_of<WorkerLost>(pool.submit<die_at_start>(journal.path())).signal() == SIGSEGV);
    auto running = pool.with({.grace = 1ms}).submit<run_for_ever>(journal.path());
    journal.await(2);
    CHECK(running.cancel(cancel_running));
    CHECK_THROWS_AS(running.result(), CancelledError);
    const int daemon = pool.submit<leave_daemon>(daemons.path()).result();
    pool.shutdown();
    CHECK_FALSE(alive(daemon));
    CHECK(support::children_of(::getpid()).empty());
  }
}

TEST_CASE("start method fork: workers see the memory of the program as it was") {
  in_value = 17;
  ProcessPoolExecutor forked({.max_workers = 1, .start_method = StartMethod::fork});
  ProcessPoolExecutor anew(1);
  in_value = 18;
  CHECK(forked.submit<value_of_the_program>().result() == 17);
  CHECK(anew.submit<value_of_the_program>().result() == 0);
  in_value = 0;
}

TEST_CASE("the initializer runs once in each worker, before its first task") {
  Journal journal;
  Gate gate;
  ProcessPoolExecutor pool({.max_workers = 2, .initializer = call<note_start>(journal.path())});
  std::vector<Future<int>> futures;
  for (int i = 0; i < 6; ++i) futures.push_back(pool.submit<pass>(gate.path()));
  CHECK(eventually([&] { return pool.stats().running == 2; }));
  gate.open();
  std::set<std::string> workers;
  for (const auto& future : futures) workers.insert(std::to_string(future.result()));
  const auto lines = journal.lines();
  CHECK(lines.size() == 2);
  CHECK(std::set<std::string>(lines.begin(), lines.end()) == workers);
}

TEST_CASE("an initializer that throws breaks the executor, with its text") {
  ProcessPoolExecutor pool({.max_workers = 2, .initializer = call<refuse_to_start>()});
  std::vector<Future<int>> futures;
  for (int i = 0; i < 5; ++i) futures.push_back(pool.submit<doubled>(i));
  for (const auto& future : futures) {
    const auto broken = error_of<BrokenProcessPool>(future);
    CHECK(holds(broken.what(), "no licence"));
  }
  try {
    pool.submit<doubled>(1);
    FAIL("a broken executor has taken a task");
  } catch (const BrokenProcessPool& broken) {
    CHECK(holds(broken.what(), "no licence"));
    CHECK_THROWS_AS(std::rethrow_if_nested(broken), std::invalid_argument);
  }
  pool.shutdown();
  CHECK_THROWS_AS(pool.submit<doubled>(1), BrokenProcessPool);  // that check comes first
}

TEST_CASE("an initializer that kills its worker breaks the executor after five") {
  Journal journal;
  ProcessPoolExecutor pool({.max_workers = 1, .initializer = call<die_at_start>(journal.path())});
  auto future = pool.submit<doubled>(1);
  const auto broken = error_of<BrokenProcessPool>(future);
  CHECK(holds(broken.what(), "SIGSEGV"));
  CHECK(journal.lines().size() == 5);
  CHECK_THROWS_AS(pool.submit<doubled>(1), BrokenProcessPool);
}

TEST_CASE("preload runs once; all workers have what it loaded") {
  for (const StartMethod method : {StartMethod::forkserver, StartMethod::fork}) {
    CAPTURE(static_cast<int>(method));
    Journal journal;
    Gate gate;
    ProcessPoolExecutor pool(
        {.max_workers = 2, .start_method = method, .preload = call<load>(99, journal.path())});
    auto one = pool.submit<pass>(gate.path());
    auto other = pool.submit<pass>(gate.path());
    CHECK(eventually([&] { return pool.stats().running == 2; }));
    gate.open();
    CHECK(one.result() != other.result());
    for (int i = 0; i < 10; ++i) CHECK(pool.submit<what_was_loaded>().result() == 99);
    CHECK(journal.lines().size() == 1);
    CHECK(loaded == 0);
  }
}

TEST_CASE("a preload that throws or leaves a thread behind breaks the executor, with that text") {
  // The preload may fail before there is a task, or after.
  const auto text_of_break = [](ProcessPoolExecutor& pool) -> std::string {
    try {
      pool.submit<doubled>(1).result();
    } catch (const BrokenProcessPool& error) {
      return error.what();
    }
    return "not broken";
  };
  ProcessPoolExecutor throwing({.max_workers = 1, .preload = call<fail_to_load>()});
  CHECK(holds(text_of_break(throwing), "no such table"));
  CHECK_THROWS_AS(throwing.submit<doubled>(1), BrokenProcessPool);

  ProcessPoolExecutor threaded({.max_workers = 1, .preload = call<load_and_leave_thread>()});
  CHECK(holds(text_of_break(threaded), "thread"));
}

TEST_CASE("env is set in the workers, not here") {
  for (const StartMethod method : all_methods) {
    CAPTURE(static_cast<int>(method));
    ProcessPoolExecutor pool({.max_workers = 1,
                              .start_method = method,
                              .env = {{"PROCFARM_TEST_VARIABLE", "a value"}, {"EMPTY", ""}}});
    CHECK(pool.submit<variable>("PROCFARM_TEST_VARIABLE").result() == "a value");
    CHECK(pool.submit<variable>("EMPTY").result() == "");
    CHECK(pool.submit<variable>("PATH").result() == variable("PATH"));
  }
  CHECK(variable("PROCFARM_TEST_VARIABLE") == "unset");
}
