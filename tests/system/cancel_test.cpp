// SPDX-License-Identifier: MIT
// cancel_test.cpp - taking tasks back before they begin, and stopping those that run.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <procfarm/this_task.hpp>
#include <procfarm/wait.hpp>

#include "farm.hpp"

using namespace farm;

namespace {

/// Returns once it is asked to stop.
int until_stopped(const std::string& journal) {
  note(journal, "begun");
  while (!this_task::stop_requested()) std::this_thread::sleep_for(1ms);
  note(journal, "stopped");
  return 1;
}

void daemon_and_run_for_ever(const std::string& daemons, const std::string& journal) {
  leave_daemon(daemons);
  run_for_ever(journal);
}

/// Fills the worker's queue with short tasks, so that the farm learns to send many ahead.
void warm_up(ProcessPoolExecutor& pool) {
  std::vector<Future<int>> futures;
  for (int i = 0; i < 500; ++i) futures.push_back(pool.submit<doubled>(i));
  for (const auto& future : futures) future.result();
}

}  // namespace

TEST_CASE("a pending task is cancelled and never runs") {
  Journal journal;
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto hold = pool.submit<pass>(gate.path());
  CHECK(eventually([&] { return hold.running(); }));
  auto pending = pool.submit<note>(journal.path(), "ran");
  CHECK(pending.cancel());
  CHECK(pending.cancelled());
  CHECK(pending.done());
  CHECK_FALSE(pending.running());
  CHECK_THROWS_AS(pending.result(), CancelledError);
  CHECK_THROWS_AS(pending.exception(), CancelledError);
  gate.open();
  pool.shutdown();
  CHECK(journal.lines().empty());
  CHECK(pool.stats().cancelled == 1);
}

TEST_CASE("what a busy worker has not begun is PENDING, and can be cancelled") {
  Journal journal;
  Gate gate;
  ProcessPoolExecutor pool(1);
  warm_up(pool);
  auto hold = pool.submit<pass>(gate.path());
  std::vector<Future<std::string>> prefetched;
  for (int i = 0; i < 50; ++i)
    prefetched.push_back(pool.submit<note>(journal.path(), std::to_string(i)));
  CHECK(eventually([&] { return hold.running(); }));
  for (std::size_t i = 0; i < prefetched.size(); ++i) {
    CHECK_FALSE(prefetched[i].running());
    CHECK_FALSE(prefetched[i].done());
    if (i % 2 == 0) CHECK(prefetched[i].cancel());
  }
  gate.open();
  pool.shutdown();
  const auto lines = journal.lines();
  REQUIRE(lines.size() == 25);
  for (std::size_t i = 0; i < lines.size(); ++i) CHECK(lines[i] == std::to_string(2 * i + 1));
}

TEST_CASE("a running task and a finished one cannot be cancelled") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<pass>(gate.path());
  CHECK(eventually([&] { return future.running(); }));
  CHECK_FALSE(future.cancel());
  CHECK_FALSE(future.cancelled());
  gate.open();
  CHECK(future.result() > 0);
  CHECK_FALSE(future.cancel());
  CHECK_FALSE(future.cancel(cancel_running));
  CHECK(future.result() > 0);
}

TEST_CASE("cancelling twice is true twice") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto hold = pool.submit<pass>(gate.path());
  auto pending = pool.submit<doubled>(1);
  CHECK(eventually([&] { return hold.running(); }));
  CHECK(pending.cancel());
  CHECK(pending.cancel());
  CHECK(pool.stats().cancelled == 1);
  gate.open();
}

TEST_CASE("those who wait and the callbacks hear of a cancellation at once") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto hold = pool.submit<pass>(gate.path());
  CHECK(eventually([&] { return hold.running(); }));
  auto pending = pool.submit<doubled>(1);
  std::atomic<int> called{0};
  std::atomic<bool> waiter_done{false};
  pending.add_done_callback([&called](const Future<int>& future) {
    if (future.cancelled()) ++called;
  });
  std::jthread waiter([&pending, &waiter_done] {
    try {
      pending.result();
    } catch (const CancelledError&) {
      waiter_done = true;
    }
  });
  CHECK(pending.cancel());
  CHECK(eventually([&] { return called == 1 && waiter_done; }));
  CHECK(hold.running());
  gate.open();
}

TEST_CASE("cancel_running on a pending task is a plain cancel") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto hold = pool.submit<pass>(gate.path());
  CHECK(eventually([&] { return hold.running(); }));
  auto pending = pool.submit<doubled>(1);
  CHECK(pending.cancel(cancel_running));
  CHECK(pending.cancelled());
  gate.open();
  CHECK(hold.result() > 0);
}

TEST_CASE("cancel_running: a task that listens ends by itself and its worker lives on") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  const int worker = pool.submit<process_id>().result();
  auto future = pool.with({.grace = 20s}).submit<until_stopped>(journal.path());
  journal.await(1);
  CHECK(future.cancel(cancel_running));
  CHECK_THROWS_AS(future.result(), CancelledError);
  CHECK(future.cancelled());
  CHECK(journal.lines() == std::vector<std::string>{"begun", "stopped"});
  CHECK(pool.submit<process_id>().result() == worker);
}

TEST_CASE("cancel_running: a task that does not listen is killed after grace, with its children") {
  Journal journal;
  Journal daemons;
  ProcessPoolExecutor pool(1);
  auto future =
      pool.with({.grace = 50ms}).submit<daemon_and_run_for_ever>(daemons.path(), journal.path());
  const int worker = pids_in(journal, 1).at(0);
  const int daemon = pids_in(daemons, 1).at(0);
  CHECK(alive(daemon));
  CHECK(future.cancel(cancel_running));
  CHECK_THROWS_AS(future.result(), CancelledError);
  CHECK(ends(worker));
  CHECK(ends(daemon));
  CHECK(pool.submit<doubled>(21).result() == 42);
}

TEST_CASE("the next task on the seat of a killed one is not lost") {
  ProcessPoolExecutor pool(1);
  warm_up(pool);
  for (int round = 0; round < 5; ++round) {
    Journal journal;
    auto victim = pool.with({.grace = 1ms}).submit<run_for_ever>(journal.path());
    std::vector<Future<int>> next;
    for (int i = 0; i < 20; ++i) next.push_back(pool.submit<doubled>(i));
    journal.await(1);
    CHECK(victim.cancel(cancel_running));
    for (int i = 0; i < 20; ++i) {
      CHECK(next[static_cast<std::size_t>(i)].result() == 2 * i);
      CHECK(next[static_cast<std::size_t>(i)].info().attempts == 1);
    }
    CHECK(victim.cancelled());
  }
}

TEST_CASE("cancel_running may be asked again and again, from many threads") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto future = pool.with({.grace = 20ms}).submit<run_for_ever>(journal.path());
  journal.await(1);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([future]() mutable { future.cancel(cancel_running); });
    }
  }
  CHECK_THROWS_AS(future.result(), CancelledError);
  CHECK(pool.stats().cancelled == 1);
}

TEST_CASE("cancelling at any moment: each task is cancelled or done, none is lost" *
          doctest::timeout(900)) {
  ProcessPoolExecutor pool(2);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 5000; ++i) {
    futures.push_back(pool.submit<doubled>(i));
    if (i % 3 == 0) futures[static_cast<std::size_t>(i / 2)].cancel();
    if (i % 7 == 0) futures.back().cancel();
  }
  int cancelled = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto& future = futures[static_cast<std::size_t>(i)];
    try {
      if (future.result() != 2 * i) FAIL("a wrong result");
    } catch (const CancelledError&) {
      ++cancelled;
    }
  }
  pool.shutdown();
  CHECK(pool.stats().cancelled == static_cast<std::uint64_t>(cancelled));
  CHECK(pool.stats().done + pool.stats().cancelled == 5000);
}
