// SPDX-License-Identifier: MIT
// kill_test.cpp - executors that are not left in peace: terminate_workers and kill_workers.
#include <signal.h>
#include <unistd.h>

#include <vector>

#include "farm.hpp"
#include "support/process_tree.hpp"

using namespace farm;

namespace {

bool no_children() { return support::children_of(::getpid()).empty(); }

}  // namespace

TEST_CASE("terminate_workers: running tasks are lost to SIGTERM, pending ones are cancelled") {
  Journal journal;
  Gate gate;
  ProcessPoolExecutor pool(2);
  std::vector<Future<int>> running, pending;
  for (int i = 0; i < 2; ++i) {
    running.push_back(pool.submit<note_and_pass>(journal.path(), gate.path(), i));
  }
  journal.await(2);
  for (int i = 0; i < 10; ++i) pending.push_back(pool.submit<doubled>(i));
  pool.terminate_workers();
  CHECK_THROWS_AS(pool.submit<doubled>(1), ShutdownError);
  for (const auto& future : running) {
    const auto lost = error_of<WorkerLost>(future);
    CHECK(lost.signal() == SIGTERM);
    CHECK(holds(lost.what(), "SIGTERM"));
  }
  for (const auto& future : pending) CHECK_THROWS_AS(future.result(), CancelledError);
  pool.shutdown();
  CHECK(no_children());
  CHECK(pool.stats().workers_started == 2);
}

TEST_CASE("terminate_workers kills a worker that is deaf for SIGTERM") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<run_for_ever>(journal.path());
  journal.await(1);
  pool.terminate_workers();
  CHECK(error_of<WorkerLost>(future).signal() == SIGKILL);
}

TEST_CASE("kill_workers: gone at once, with all they have started, and no replacement") {
  Journal journal;
  Journal daemons;
  ProcessPoolExecutor pool(1);
  const int daemon = pool.submit<leave_daemon>(daemons.path()).result();
  auto running = pool.with({.retry = {.max_attempts = 3}}).submit<run_for_ever>(journal.path());
  auto pending = pool.submit<doubled>(1);
  journal.await(1);
  pool.kill_workers();
  CHECK(error_of<WorkerLost>(running).signal() == SIGKILL);
  CHECK_THROWS_AS(pending.result(), CancelledError);
  pool.shutdown();
  CHECK_FALSE(alive(daemon));
  CHECK(journal.lines().size() == 1);
  CHECK(pool.stats().workers_started == 1);
}

TEST_CASE("suspended workers can be killed and terminated") {
  for (const bool kill : {true, false}) {
    CAPTURE(kill);
    Journal journal;
    ProcessPoolExecutor pool(1);
    auto future = pool.submit<run_for_ever>(journal.path());
    journal.await(1);
    pool.suspend();
    kill ? pool.kill_workers() : pool.terminate_workers();
    CHECK(error_of<WorkerLost>(future).signal() == SIGKILL);
    pool.shutdown();
    CHECK(no_children());
  }
}

TEST_CASE("shutdown continues what was suspended, and so ends") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto running = pool.submit<pass>(gate.path());
  auto pending = pool.submit<doubled>(1);
  CHECK(eventually([&] { return running.running(); }));
  pool.suspend();
  gate.open();
  pool.shutdown();
  CHECK(running.result() > 0);
  CHECK(pending.result() == 2);
}

TEST_CASE("killing and terminating an executor that is already down does nothing") {
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<doubled>(1);
  pool.shutdown();
  pool.terminate_workers();
  pool.kill_workers();
  pool.shutdown();
  CHECK(future.result() == 2);
}
