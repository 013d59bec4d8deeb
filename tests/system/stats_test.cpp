// SPDX-License-Identifier: MIT
// stats_test.cpp - what an executor tells about itself.
#include <signal.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "farm.hpp"

using namespace farm;

TEST_CASE("stats count what becomes of tasks and workers") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  for (int i = 0; i < 5; ++i) pool.submit<doubled>(i).result();
  CHECK_THROWS(pool.submit([] { throw std::runtime_error("failed"); }).result());
  CHECK_THROWS(pool.submit([] { ::raise(SIGKILL); }).result());
  auto running = pool.submit<pass>(gate.path());
  CHECK(eventually([&] { return running.running(); }));
  auto pending = pool.submit<doubled>(1);
  auto cancelled = pool.submit<doubled>(1);
  CHECK(cancelled.cancel());

  CHECK(eventually([&] { return pool.stats().pending == 1; }));
  PoolStats stats = pool.stats();
  CHECK(stats.running == 1);
  CHECK(stats.done == 5);
  CHECK(stats.failed == 2);
  CHECK(stats.cancelled == 1);
  CHECK(stats.workers_started == 2);
  CHECK(stats.workers_lost == 1);
  CHECK(stats.late_results == 0);
  gate.open();
  pool.shutdown();
  stats = pool.stats();
  CHECK(stats.pending == 0);
  CHECK(stats.running == 0);
  CHECK(stats.done == 7);
}

TEST_CASE("workers() tells who is busy with what") {
  Journal journal;
  Gate gate;
  ProcessPoolExecutor pool(2);
  auto one = pool.with({.name = "first"}).submit<note_and_pass>(journal.path(), gate.path(), 1);
  auto other = pool.submit<note_and_pass>(journal.path(), gate.path(), 2);
  const auto pids = pids_in(journal, 2);
  const auto workers = pool.workers();
  REQUIRE(workers.size() == 2);
  for (const WorkerInfo& worker : workers) {
    CHECK((worker.pid == pids.at(0) || worker.pid == pids.at(1)));
    CHECK(worker.busy);
    CHECK((worker.task == "first" || worker.task == other.info().id));
    CHECK_FALSE(worker.host.empty());
    CHECK(worker.tasks_done == 0);
  }
  gate.open();
  one.result();
  other.result();
  CHECK(eventually([&] { return !pool.workers().at(0).busy && !pool.workers().at(1).busy; }));
  CHECK(pool.workers().at(0).tasks_done == 1);
  CHECK(pool.workers().at(0).task.empty());
}

TEST_CASE("a thousand tasks on two workers are counted, each once") {
  ProcessPoolExecutor pool(2);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 1000; ++i) futures.push_back(pool.submit<doubled>(i));
  for (const auto& future : futures) future.result();
  std::uint64_t by_workers = 0;
  for (const WorkerInfo& worker : pool.workers()) by_workers += worker.tasks_done;
  CHECK(by_workers == 1000);
  CHECK(pool.stats().done == 1000);
  CHECK(pool.stats().pending == 0);
}
