// SPDX-License-Identifier: MIT
// options_test.cpp - limits that an executor can be given, and what it refuses to be told.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <procfarm/this_task.hpp>
#include <procfarm/thread_pool_executor.hpp>

#include "farm.hpp"
#include "support/process_tree.hpp"

using namespace farm;

namespace {

int rest() {
  std::this_thread::sleep_for(20ms);
  return 0;
}

void load() {}
void complain_and_die() {
  std::cerr << "first line\nlast words" << std::endl;
  ::raise(SIGKILL);
}
void complain() { std::cerr << "only a remark" << std::endl; }

}  // namespace

TEST_CASE("impossible options are refused by name") {
  for (const int workers : {0, -1}) {
    CHECK_THROWS_WITH_AS(ProcessPoolExecutor{workers}, "max_workers must be greater than 0",
                         std::invalid_argument);
  }
  using Environment = std::map<std::string, std::string>;
  for (const Environment& env :
       {Environment{{"", "x"}}, {{"A=B", "x"}}, {{"A", std::string(1, '\0')}}}) {
    CHECK_THROWS_AS(ProcessPoolExecutor(ProcessPoolOptions{.max_workers = 1, .env = env}),
                    std::invalid_argument);
  }
  CHECK_THROWS_WITH_AS(ProcessPoolExecutor{std::numeric_limits<int>::max()},
                       "max_workers must be at most 65535", std::invalid_argument);
  CHECK_THROWS_WITH_AS(ProcessPoolExecutor(ProcessPoolOptions{.max_tasks_per_child = 0}),
                       "max_tasks_per_child must be greater than 0", std::invalid_argument);
  CHECK_THROWS_WITH_AS(ProcessPoolExecutor(ProcessPoolOptions{.max_pending = 0}),
                       "max_pending must be greater than 0", std::invalid_argument);
  CHECK_THROWS_WITH_AS(ProcessPoolExecutor(ProcessPoolOptions{.max_pending_bytes = 0}),
                       "max_pending_bytes must be greater than 0", std::invalid_argument);
  for (const int prestart : {-1, 3}) {
    CHECK_THROWS_WITH_AS(
        ProcessPoolExecutor(ProcessPoolOptions{.max_workers = 2, .prestart = prestart}),
        "prestart must be from 0 to max_workers", std::invalid_argument);
  }
  CHECK_THROWS_AS(ProcessPoolExecutor(ProcessPoolOptions{.start_method = StartMethod::spawn,
                                                         .preload = call<load>()}),
                  std::invalid_argument);
  CHECK(support::children_of(::getpid()).empty());
}

TEST_CASE("impossible options of a task are refused by name") {
  ProcessPoolExecutor pool(1);
  const auto text_of = [&pool](const TaskOptions& options) -> std::string {
    try {
      pool.with(options);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  };
  CHECK(text_of({.timeout = 0s}) == "timeout must be greater than 0");
  CHECK(text_of({.timeout = -1s}) == "timeout must be greater than 0");
  CHECK(text_of({.grace = -1ns}) == "grace must not be negative");
  CHECK(text_of({.retry = {.max_attempts = 0}}) == "retry.max_attempts must be greater than 0");
  CHECK(text_of({.retry = {.delay = -1s}}) == "retry.delay must not be negative");
  CHECK(text_of({.retry = {.max_delay = -1s}}) == "retry.max_delay must not be negative");
  CHECK(text_of({.retry = {.backoff = -0.5}}) == "retry.backoff must not be negative");
  CHECK(text_of({.timeout = 1ns, .grace = 0s, .retry = {.backoff = 0}}) == "accepted");
}

TEST_CASE("without max_workers there are as many as usable cpus") {
  CHECK(usable_cpus() >= 1);
  Gate gate;
  ProcessPoolExecutor pool;
  std::vector<Future<int>> futures;
  for (int i = 0; i < usable_cpus() + 3; ++i) futures.push_back(pool.submit<pass>(gate.path()));
  CHECK(eventually([&] { return pool.stats().running == static_cast<unsigned>(usable_cpus()); }));
  CHECK(pool.workers().size() == static_cast<unsigned>(usable_cpus()));
  gate.open();
}

TEST_CASE("prestart: so many workers are there before any task, and get the first ones") {
  ProcessPoolExecutor pool({.max_workers = 3, .prestart = 2});
  CHECK(eventually([&] { return pool.workers().size() == 2; }));
  std::set<int> prestarted;
  for (const WorkerInfo& worker : pool.workers()) prestarted.insert(worker.pid);
  CHECK(prestarted.count(pool.submit<process_id>().result()) == 1);
  CHECK(pool.stats().workers_started == 2);
}

TEST_CASE("max_tasks_per_child: each worker does that many tasks and is replaced") {
  Journal journal;
  ProcessPoolExecutor pool({.max_workers = 1, .max_tasks_per_child = 3});
  std::vector<Future<int>> futures;
  for (int i = 0; i < 10; ++i) futures.push_back(pool.submit<process_id>());
  std::vector<int> pids;
  for (const auto& future : futures) pids.push_back(future.result());
  CHECK(std::set<int>(pids.begin(), pids.end()).size() == 4);
  for (const std::size_t first : {0U, 3U, 6U}) {
    CHECK(pids[first] == pids[first + 2]);
    CHECK(pids[first] != pids[first + 3]);
  }
  CHECK(ends(pids[0]));
  CHECK(pool.stats().workers_lost == 0);
}

TEST_CASE(
    "max_tasks_per_child: the last worker leaves too, and pending work goes on after shutdown") {
  ProcessPoolExecutor pool({.max_workers = 1, .max_tasks_per_child = 1});
  CHECK(ends(pool.submit<process_id>().result()));
  std::vector<Future<int>> futures;
  for (int i = 0; i < 5; ++i) futures.push_back(pool.submit<process_id>());
  pool.shutdown({.wait = false});
  std::set<int> pids;
  for (const auto& future : futures) pids.insert(future.result());
  CHECK(pids.size() == 5);
}

TEST_CASE("max_pending: submit waits for room, and goes on when there is some") {
  Gate gate;
  std::atomic<int> submitted{0};
  ProcessPoolExecutor pool({.max_workers = 1, .max_pending = 2});
  std::vector<Future<int>> futures;
  futures.push_back(pool.submit<pass>(gate.path()));
  CHECK(eventually([&] { return futures[0].running(); }));
  std::jthread submitter([&] {
    for (int i = 0; i < 4; ++i) {
      futures.push_back(pool.submit<pass>(gate.path()));
      ++submitted;
    }
  });
  CHECK(eventually([&] { return submitted == 2; }));
  CHECK_THROWS_AS(futures[0].result(50ms), TimeoutError);  // time enough for a third one to slip in
  CHECK(submitted == 2);
  gate.open();
  submitter.join();
  for (const auto& future : futures) CHECK(future.result() > 0);
}

TEST_CASE("max_pending: what ran when a submit was blocked makes no room later") {
  Gate gate;
  ThreadPoolExecutor threads(1);
  const auto never = threads.submit([&] { pass(gate.path()); });
  ProcessPoolExecutor pool({.max_workers = 4, .max_pending = 1});
  std::vector<Future<int>> futures;
  for (int i = 0; i < 12; ++i) futures.push_back(pool.submit<rest>());
  for (const auto& future : futures) future.result();
  std::atomic<int> entered = 0;
  std::jthread submitter([&] {
    for (int i = 0; i < 8; ++i, ++entered) pool.with({.after = {never}}).submit<doubled>(i);
  });
  CHECK(eventually([&] { return entered == 1; }));
  std::this_thread::sleep_for(50ms);  // time to be wrong in
  CHECK(entered == 1);
  CHECK(pool.stats().pending == 1);
  gate.open();
}

TEST_CASE("max_pending: cancelling makes room") {
  Gate gate;
  ProcessPoolExecutor pool({.max_workers = 1, .max_pending = 1});
  auto running = pool.submit<pass>(gate.path());
  CHECK(eventually([&] { return running.running(); }));
  auto pending = pool.submit<doubled>(1);
  std::jthread submitter([&] { CHECK(pool.submit<doubled>(2).result() == 4); });
  CHECK(pending.cancel());
  gate.open();
}

TEST_CASE("max_pending_bytes: large arguments fill it as well") {
  Gate gate;
  std::atomic<bool> submitted{false};
  ProcessPoolExecutor pool({.max_workers = 1, .max_pending_bytes = 100'000});
  auto running = pool.submit<pass>(gate.path());
  const auto length = [](const std::string& text) { return text.size(); };
  auto large = pool.submit(length, std::string(150'000, 'x'));
  std::jthread submitter([&] {
    CHECK(pool.submit(length, std::string(10, 'x')).result() == 10);
    submitted = true;
  });
  CHECK_THROWS_AS(large.result(30ms), TimeoutError);
  CHECK_FALSE(submitted);
  gate.open();
  CHECK(large.result() == 150'000);
}

TEST_CASE("a submit that waits for room is woken by shutdown, and throws") {
  Gate gate;
  std::atomic<int> refused{0};
  ProcessPoolExecutor pool({.max_workers = 1, .max_pending = 1});
  auto running = pool.submit<pass>(gate.path());
  CHECK(eventually([&] { return running.running(); }));
  auto pending = pool.submit<doubled>(1);
  std::vector<std::jthread> submitters;
  for (int i = 0; i < 3; ++i) {
    submitters.emplace_back([&] {
      try {
        pool.submit<doubled>(2);
      } catch (const ShutdownError&) {
        ++refused;
      }
    });
  }
  pool.shutdown({.wait = false});
  submitters.clear();
  CHECK(refused == 3);
  gate.open();
  CHECK(pending.result() == 2);
}

TEST_CASE("capture_stderr: the last words of a lost worker are in its error") {
  ProcessPoolExecutor pool({.max_workers = 1, .capture_stderr = true, .forward_captured = false});
  pool.submit<complain>().result();
  const auto lost = error_of<WorkerLost>(pool.submit<complain_and_die>());
  CHECK(holds(lost.stderr_tail(), "last words"));
  CHECK(holds(lost.stderr_tail(), "first line"));
  CHECK(pool.submit<doubled>(2).result() == 4);
}

TEST_CASE("without capture_stderr there is no tail") {
  ProcessPoolExecutor pool(1);
  CHECK(error_of<WorkerLost>(pool.submit([] { ::raise(SIGKILL); })).stderr_tail().empty());
}
