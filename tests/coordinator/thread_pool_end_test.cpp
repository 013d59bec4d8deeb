// SPDX-License-Identifier: MIT
// thread_pool_end_test.cpp - how thread pools shut down, whoever asks for it and whatever is left.
#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "thread_pool_support.hpp"

using namespace local;

TEST_CASE(
    "shutdown of a thread pool waits, may cancel what has not begun, and refuses what follows") {
  ThreadPoolExecutor pool(1);
  Held held;
  Log log;
  auto running = pool.submit(held.task());
  REQUIRE(held.has_begun());
  auto pending = pool.submit(log.note(1));
  auto dependent = pool.with({.after = {running}}).submit(log.note(2));
  pending.add_done_callback([&](const Future<void>&) { log.note(3)(); });
  pool.shutdown({.wait = false, .cancel_futures = true});
  CHECK(pending.cancelled());
  CHECK(dependent.cancelled());
  CHECK_THROWS_AS(pool.submit(log.note(4)), ShutdownError);
  held.gate.open();
  pool.shutdown();
  pool.shutdown();
  CHECK(running.done());
  CHECK(log.entries() == std::vector<int>{3});
}

TEST_CASE("shutdown without a task, and with tasks that still wait for others") {
  ThreadPoolExecutor unused(2);
  unused.shutdown();
  ThreadPoolExecutor other(1);
  Held held;
  auto first = other.submit(held.task());
  ThreadPoolExecutor pool(1);
  auto later = pool.with({.after = {first}}).submit<doubled>(2);
  const std::jthread opens_when_closed([&] {
    CHECK(eventually([&] {
      try {
        pool.submit([] {});
        return false;
      } catch (const ShutdownError&) {
        return true;
      }
    }));
    held.gate.open();
  });
  pool.shutdown();
  CHECK(later.done());
  CHECK(later.result() == 4);
}

TEST_CASE("while an exception unwinds a thread pool cancels what has not begun") {
  Held held;
  Future<void> running;
  Future<int> pending;
  try {
    ThreadPoolExecutor pool(1);
    running = pool.submit(held.task());
    REQUIRE(held.has_begun());
    pending = pool.submit<doubled>(1);
    pending.add_done_callback([&](const Future<int>&) { held.gate.open(); });
    throw std::runtime_error("unwinds");
  } catch (const std::runtime_error&) {
  }
  CHECK(pending.cancelled());
  CHECK(running.done());
}

TEST_CASE("shutdown(wait) in a task or callback of the same executor throws instead of hanging") {
  ThreadPoolExecutor pool(1);
  CHECK_THROWS_AS(pool.submit([&] { pool.shutdown(); }).result(), std::logic_error);
  Held held;
  std::atomic<bool> refused = false;
  auto future = pool.submit(held.task());
  future.add_done_callback([&](const Future<void>&) {
    try {
      pool.shutdown();
    } catch (const std::logic_error&) {
      refused = true;
    }
  });
  held.gate.open();
  pool.shutdown();
  CHECK(refused);
}

TEST_CASE("what a callback holds may be the last of an executor, or use the same future") {
  struct AddsCallback {
    Future<int> future;
    std::atomic<bool>& called;
    ~AddsCallback() {
      future.add_done_callback([&flag = called](const Future<int>&) { flag = true; });
    }
  };
  std::atomic<bool> called = false;
  Held held;
  ThreadPoolExecutor pool(1);
  auto future = pool.submit([task = held.task()] {
    task();
    return 1;
  });
  future.add_done_callback(
      [second = std::make_shared<ThreadPoolExecutor>(1)](const Future<int>& done) {
        second->submit([] {});
        (void)done;
      });
  auto adds = std::shared_ptr<AddsCallback>(new AddsCallback{future, called});
  future.add_done_callback([last = std::move(adds)](const Future<int>&) {});
  held.gate.open();
  CHECK(future.result() == 1);
  pool.shutdown();
  CHECK(called);
}

TEST_CASE("the last callback, or a task, may destroy its thread pool") {
  auto pool = std::make_unique<ThreadPoolExecutor>(1);
  std::atomic<int> destroyed = 0;
  Held held;
  auto future = pool->submit(held.task());
  future.add_done_callback([&](const Future<void>&) {
    pool.reset();
    ++destroyed;
  });
  held.gate.open();
  CHECK(eventually([&] { return destroyed == 1; }));
  pool = std::make_unique<ThreadPoolExecutor>(1);
  auto last = pool->submit([&] { pool.reset(); });
  last.result();
  CHECK(pool == nullptr);
}

TEST_CASE(
    "the shutdown of a suspended thread pool begins as many tasks at once as it has threads") {
  ThreadPoolExecutor pool(4);
  std::latch all_are_here(4);
  pool.suspend();
  std::vector<Future<void>> futures;
  for (int i = 0; i < 4; ++i)
    futures.push_back(pool.submit([&] { all_are_here.arrive_and_wait(); }));
  pool.shutdown();
  for (const auto& future : futures) CHECK(future.exception() == nullptr);
}

TEST_CASE("delayed retries that become due while other threads wait for them") {
  ThreadPoolExecutor pool(4);
  std::vector<Future<void>> futures;
  for (int i = 0; i < 500; ++i) {
    const RetryPolicy retry{.max_attempts = 3, .delay = std::chrono::microseconds(100 + i % 900)};
    futures.push_back(
        pool.with({.retry = retry}).submit([] { throw std::runtime_error("once more"); }));
  }
  for (const auto& future : futures) CHECK(future.exception() != nullptr);
}

TEST_CASE("shutdown that cancels repeats nothing that fails after it") {
  ThreadPoolExecutor pool(1);
  Held held;
  std::atomic<int> attempts = 0;
  auto future =
      pool.with({.retry = {.max_attempts = 100, .delay = 1s}}).submit([&, task = held.task()] {
        ++attempts;
        task();
        throw std::runtime_error("once more");
      });
  CHECK(held.has_begun());
  pool.shutdown({.wait = false, .cancel_futures = true});
  held.gate.open();
  pool.shutdown();
  CHECK(attempts == 1);
  CHECK_THROWS_AS(future.result(), std::runtime_error);
}
