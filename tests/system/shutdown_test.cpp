// SPDX-License-Identifier: MIT
// shutdown_test.cpp - the ways an executor ends.
#include <unistd.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "farm.hpp"
#include "support/process_tree.hpp"

using namespace farm;

namespace {

bool no_children() { return support::children_of(::getpid()).empty(); }

}  // namespace

TEST_CASE("shutdown waits for all work and for all processes") {
  Journal journal;
  ProcessPoolExecutor pool(2);
  std::vector<Future<std::string>> futures;
  for (int i = 0; i < 20; ++i) futures.push_back(pool.submit<note>(journal.path(), "ran"));
  pool.shutdown();
  for (const auto& future : futures) CHECK(future.done());
  CHECK(journal.lines().size() == 20);
  CHECK(no_children());
  CHECK(pool.workers().empty());
}

TEST_CASE("an executor that never worked ends as well") {
  ProcessPoolExecutor pool(2);
  pool.shutdown();
  CHECK(no_children());
}

TEST_CASE("after shutdown nothing is accepted") {
  ProcessPoolExecutor pool(1);
  pool.shutdown();
  CHECK_THROWS_WITH_AS(pool.submit<doubled>(1), "cannot schedule new futures after shutdown",
                       ShutdownError);
  CHECK_THROWS_AS(pool.map<doubled>(std::vector<int>{1}), ShutdownError);
  CHECK_THROWS_AS(pool.with({.name = "late"}).submit<doubled>(1), ShutdownError);
}

TEST_CASE("shutdown without waiting returns at once; accepted work is done all the same") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto running = pool.submit<pass>(gate.path());
  auto pending = pool.submit<doubled>(4);
  pool.shutdown({.wait = false});
  CHECK_FALSE(running.done());
  CHECK_THROWS_AS(pool.submit<doubled>(1), ShutdownError);
  gate.open();
  CHECK(pending.result() == 8);
  CHECK(running.result() > 0);
  CHECK(eventually(no_children));
}

TEST_CASE("what an end of the pool cancels is cancelled when the call returns, waiting or not") {
  using End = void (*)(ProcessPoolExecutor&);
  const End ends[] = {
      [](ProcessPoolExecutor& pool) { pool.shutdown({.wait = false, .cancel_futures = true}); },
      [](ProcessPoolExecutor& pool) { pool.kill_workers(); },
      [](ProcessPoolExecutor& pool) { pool.terminate_workers(); }};
  for (const End end : ends) {
    Gate gate;
    ProcessPoolExecutor pool(1);
    auto running = pool.submit<pass>(gate.path());
    CHECK(eventually([&] { return running.running(); }));
    std::vector<Future<int>> pending;
    for (int i = 0; i < 20; ++i) pending.push_back(pool.submit<doubled>(i));
    end(pool);
    for (const auto& future : pending) CHECK(future.cancelled());
    gate.open();
  }
}

TEST_CASE("a shutdown that waits, after one that did not, does wait") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto running = pool.submit<pass>(gate.path());
  pool.shutdown({.wait = false});
  std::jthread opener([&gate, &running] {
    eventually([&] { return running.running(); });
    gate.open();
  });
  pool.shutdown();
  CHECK(running.done());
  CHECK(no_children());
}

TEST_CASE("shutdown is idempotent") {
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<doubled>(1);
  for (int i = 0; i < 3; ++i) pool.shutdown();
  pool.shutdown({.wait = false, .cancel_futures = true});
  CHECK(future.result() == 2);
}

TEST_CASE("shutdown from two threads: both return when everything is done, callbacks too") {
  Gate gate;
  std::atomic<bool> callback_done{false};
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<pass>(gate.path());
  future.add_done_callback([&callback_done](const Future<int>&) {
    std::this_thread::sleep_for(20ms);  // long enough for a shutdown that does not wait to show
    callback_done = true;
  });
  std::vector<std::jthread> threads;
  std::atomic<int> early{0};
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      pool.shutdown();
      if (!callback_done || !future.done()) ++early;
    });
  }
  gate.open();
  threads.clear();
  CHECK(early == 0);
}

TEST_CASE("submits that meet a shutdown are accepted and done, or refused; none is lost") {
  ProcessPoolExecutor pool(2);
  std::atomic<int> accepted{0};
  std::vector<std::jthread> threads;
  std::vector<std::vector<Future<int>>> futures(4);
  for (auto& mine : futures) {
    threads.emplace_back([&pool, &accepted, &mine] {
      try {
        for (;;) {
          mine.push_back(pool.submit<doubled>(21));
          ++accepted;
        }
      } catch (const ShutdownError&) {
      }
    });
  }
  CHECK(eventually([&] { return accepted > 1000; }));
  pool.shutdown();
  threads.clear();
  int wrong = 0;
  for (const auto& mine : futures) {
    for (const auto& future : mine) wrong += future.done() && future.result() == 42 ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(pool.stats().done == static_cast<std::uint64_t>(accepted));
}

TEST_CASE("cancel_futures cancels what has not begun and lets the rest finish") {
  Journal journal;
  Gate gate;
  ProcessPoolExecutor pool(2);
  std::vector<Future<int>> running, pending;
  for (int i = 0; i < 2; ++i) {
    running.push_back(pool.submit<note_and_pass>(journal.path(), gate.path(), i));
  }
  journal.await(2);
  for (int i = 0; i < 20; ++i) {
    pending.push_back(pool.submit<note_and_pass>(journal.path(), gate.path(), i));
  }
  pool.shutdown({.wait = false, .cancel_futures = true});
  for (const auto& future : pending) CHECK_THROWS_AS(future.result(), CancelledError);
  for (const auto& future : running) CHECK(future.running());
  gate.open();
  pool.shutdown();
  CHECK(running[0].result() == 0);
  CHECK(running[1].result() == 1);
  CHECK(journal.lines().size() == 2);
  CHECK(pool.stats().cancelled == 20);
}

TEST_CASE("a callback may shut down without waiting; waiting there throws") {
  std::atomic<int> threw{0};
  std::atomic<bool> shut{false};
  ProcessPoolExecutor pool(1);
  Gate gate;
  auto future = pool.submit<pass>(gate.path());
  future.add_done_callback([&](const Future<int>&) {
    try {
      pool.shutdown();
    } catch (const std::logic_error&) {
      ++threw;
    }
    pool.shutdown({.wait = false});
    shut = true;
  });
  gate.open();
  CHECK(eventually([&] { return shut.load(); }));
  CHECK(threw == 1);
  CHECK_THROWS_AS(pool.submit<doubled>(1), ShutdownError);
}

TEST_CASE("a callback may destroy the executor") {
  std::atomic<bool> destroyed{false};
  auto pool = std::make_unique<ProcessPoolExecutor>(1);
  Gate gate;
  auto future = pool->submit<pass>(gate.path());
  future.add_done_callback([&](const Future<int>&) {
    pool.reset();
    destroyed = true;
  });
  gate.open();
  CHECK(eventually([&] { return destroyed.load(); }));
  CHECK(future.result() > 0);
  CHECK(eventually(no_children));
}

TEST_CASE("a callback may destroy the executor after all its processes are gone") {
  std::atomic<bool> destroyed{false};
  auto pool = std::make_unique<ProcessPoolExecutor>(1);
  Gate gate;
  auto future = pool->submit<pass>(gate.path());
  pool->shutdown({.wait = false});
  future.add_done_callback([&](const Future<int>&) {
    eventually(no_children);
    pool.reset();
    destroyed = true;
  });
  gate.open();
  CHECK(eventually([&] { return destroyed.load(); }));
}

TEST_CASE("the destructor lets accepted work finish") {
  Journal journal;
  {
    ProcessPoolExecutor pool(1);
    for (int i = 0; i < 10; ++i) pool.submit<note>(journal.path(), "ran");
  }
  CHECK(journal.lines().size() == 10);
  CHECK(no_children());
}

TEST_CASE("a destructor while an exception unwinds cancels what has not begun") {
  Journal journal;
  Gate gate;
  std::vector<Future<int>> futures;
  std::jthread opener;
  try {
    ProcessPoolExecutor pool(1);
    for (int i = 0; i < 5; ++i) {
      futures.push_back(pool.submit<note_and_pass>(journal.path(), gate.path(), i));
    }
    journal.await(1);
    opener = std::jthread([&] {
      eventually([&] { return futures[4].done(); });
      gate.open();
    });
    throw std::runtime_error("away");
  } catch (const std::runtime_error&) {
  }
  CHECK(futures[0].result() == 0);
  for (std::size_t i = 1; i < 5; ++i) CHECK(futures[i].cancelled());
  CHECK(journal.lines().size() == 1);
}

TEST_CASE("tasks that wait for their retry delay are cancelled by cancel_futures") {
  ProcessPoolExecutor pool(1);
  auto future = pool.with({.retry = {.max_attempts = 2, .delay = 1h, .max_delay = 1h}}).submit([] {
    throw std::runtime_error("again");
  });
  CHECK(eventually([&] { return future.info().attempts == 1 && !future.running(); }));
  pool.shutdown({.cancel_futures = true});
  CHECK(future.cancelled());
}
