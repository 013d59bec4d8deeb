// SPDX-License-Identifier: MIT
// limits_test.cpp - time limits: the polite stop, the kill, and what is left then: nothing.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <procfarm/this_task.hpp>

#include "farm.hpp"

using namespace farm;

namespace {

int until_stop_requested(const std::string& journal) {
  while (!this_task::stop_requested()) std::this_thread::sleep_for(1ms);
  note(journal, "asked");
  return 7;
}

int until_token_fires(const std::string& journal) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait(lock, this_task::stop_token(), [] { return false; });
  note(journal, "woken");
  return 7;
}

/// Starts a child that tells of the SIGTERM it gets, and waits for its end.
int with_polite_child(const std::string& begun, const std::string& journal) {
  const pid_t child = ::fork();
  if (child == 0) {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    note(begun, "begun");
    int signal = 0;
    ::sigwait(&set, &signal);
    note(journal, "child got " + std::to_string(signal));
    ::_exit(0);
  }
  while (!this_task::stop_requested()) std::this_thread::sleep_for(1ms);
  while (farm::alive(child)) std::this_thread::sleep_for(1ms);
  return 1;
}

void daemons_and_for_ever(const std::string& journal) {
  Journal own;
  note(journal, std::to_string(leave_daemon(own.path())));
  if (::fork() == 0) run_for_ever(journal);
  run_for_ever(journal);
}

void spin(const std::string& journal) {
  note(journal, std::to_string(::getpid()));
  std::atomic<int> turns{0};
  for (;;) ++turns;
}

}  // namespace

TEST_CASE("a task that exceeds its limit is stopped; the pool goes on") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto future =
      pool.with({.name = "slow", .timeout = 20ms, .grace = 20ms}).submit<spin>(journal.path());
  const auto error = error_of<TaskTimeout>(future);
  CHECK(error.task_name() == "slow");
  CHECK(error.attempt() == 1);
  CHECK(holds(error.what(), "slow"));
  CHECK(ends(pids_in(journal, 1).at(0)));
  CHECK(pool.submit<doubled>(21).result() == 42);
}

TEST_CASE("ignoring SIGTERM does not help") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto future = pool.with({.timeout = 20ms, .grace = 20ms}).submit<run_for_ever>(journal.path());
  error_of<TaskTimeout>(future);
  CHECK(ends(pids_in(journal, 1).at(0)));
}

TEST_CASE("a task that keeps its limit is left alone") {
  ProcessPoolExecutor pool(1);
  auto future = pool.with({.timeout = 20s}).submit<process_id>();
  const int worker = future.result();
  CHECK(pool.submit<process_id>().result() == worker);
}

TEST_CASE("the limit counts from the start of the attempt, not from the submission") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto hold = pool.submit<pass>(gate.path());
  CHECK(eventually([&] { return hold.running(); }));
  auto limited = pool.with({.timeout = 1s}).submit<doubled>(4);
  CHECK_THROWS_AS(limited.result(1100ms), TimeoutError);
  gate.open();
  CHECK(limited.result() == 8);
}

TEST_CASE("the stop is asked first; a task that returns within grace has timed out all the same") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  const int worker = pool.submit<process_id>().result();
  const auto limits = pool.with({.timeout = 20ms, .grace = 20s});
  error_of<TaskTimeout>(limits.submit<until_stop_requested>(journal.path()));
  error_of<TaskTimeout>(limits.submit<until_token_fires>(journal.path()));
  CHECK(journal.lines() == std::vector<std::string>{"asked", "woken"});
  CHECK(pool.submit<process_id>().result() == worker);
}

TEST_CASE("the stop of one task is not seen by the next one") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  error_of<TaskTimeout>(
      pool.with({.timeout = 5ms, .grace = 20s}).submit<until_stop_requested>(journal.path()));
  CHECK_FALSE(pool.submit([] {
                    return this_task::stop_requested() || this_task::stop_token().stop_requested();
                  })
                  .result());
}

TEST_CASE("cancel_running fires the same token") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto future = pool.with({.grace = 20s}).submit<until_token_fires>(journal.path());
  CHECK(eventually([&] { return future.running(); }));
  CHECK(future.cancel(cancel_running));
  CHECK_THROWS_AS(future.result(), CancelledError);
  CHECK(journal.lines() == std::vector<std::string>{"woken"});
}

TEST_CASE("what the task has started gets SIGTERM at the polite stop, the worker does not") {
  Journal begun, journal;
  ProcessPoolExecutor pool(1);
  const int worker = pool.submit<process_id>().result();
  auto future = pool.with({.grace = 20s}).submit<with_polite_child>(begun.path(), journal.path());
  begun.await(1);
  CHECK(future.cancel(cancel_running));
  CHECK_THROWS_AS(future.result(), CancelledError);
  CHECK(journal.await(1) == std::vector<std::string>{"child got " + std::to_string(SIGTERM)});
  CHECK(pool.submit<process_id>().result() == worker);
}

TEST_CASE("the children of a task that is killed are gone, daemons and deaf ones too") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto future =
      pool.with({.timeout = 1s, .grace = 20ms}).submit<daemons_and_for_ever>(journal.path());
  const auto pids = pids_in(journal, 3);
  error_of<TaskTimeout>(future);
  CHECK(pids.size() == 3);
  for (const pid_t pid : pids) CHECK(ends(pid));
}

TEST_CASE("tasks behind one that is stopped for its limit are neither lost nor charged") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  for (int i = 0; i < 300; ++i) pool.submit<doubled>(i);
  auto late = pool.with({.timeout = 20ms, .grace = 1ms}).submit<spin>(journal.path());
  std::vector<Future<int>> behind;
  for (int i = 0; i < 50; ++i) behind.push_back(pool.submit<doubled>(i));
  error_of<TaskTimeout>(late);
  for (int i = 0; i < 50; ++i) {
    CHECK(behind[static_cast<std::size_t>(i)].result() == 2 * i);
    CHECK(behind[static_cast<std::size_t>(i)].info().attempts == 1);
  }
}

TEST_CASE("the limit holds for a worker that somebody has stopped") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto future = pool.with({.timeout = 1s, .grace = 1ms}).submit<run_for_ever>(journal.path());
  ::kill(pids_in(journal, 1).at(0), SIGSTOP);
  error_of<TaskTimeout>(future);
  CHECK(pool.submit<doubled>(1).result() == 2);
}

TEST_CASE("suspend stops running tasks and their clock, resume continues both") {
  Journal journal;
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto limited = pool.with({.timeout = 2s, .grace = 1ms})
                     .submit<note_and_pass>(journal.path(), gate.path(), 5);
  const int worker = pids_in(journal, 1).at(0);
  pool.suspend();
  const auto stopped = [worker] {
    std::string stat;
    std::getline(std::ifstream("/proc/" + std::to_string(worker) + "/stat"), stat);
    return stat[stat.rfind(") ") + 2] == 'T';
  };
  CHECK(eventually(stopped));
  gate.open();
  CHECK_THROWS_AS(limited.result(2500ms), TimeoutError);  // longer than its limit
  CHECK(stopped());
  pool.resume();
  CHECK(limited.result() == 5);
}

TEST_CASE("a limit that no clock reaches is none") {
  ProcessPoolExecutor pool(1);
  CHECK(pool.with({.timeout = Duration::max(), .grace = Duration::max()})
            .submit<doubled>(1)
            .result() == 2);
}
