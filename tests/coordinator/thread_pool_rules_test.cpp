// SPDX-License-Identifier: MIT
// thread_pool_rules_test.cpp - a thread pool in time: stops, attempts, orders, limits.
#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "thread_pool_support.hpp"

using namespace local;

namespace {

/// Throws until attempt `good`; returns the number of that.
int throw_until(int good) {
  if (this_task::attempt() < good) throw std::runtime_error("not yet");
  return this_task::attempt();
}

}  // namespace

TEST_CASE("cancel_running asks a thread's task to stop; it is cancelled when it has returned") {
  ThreadPoolExecutor pool(1);
  std::atomic<bool> begun = false;
  std::atomic<bool> fired = false;
  auto future = pool.with({.retry = {.max_attempts = 3}}).submit([&] {
    const std::stop_callback callback(this_task::stop_token(), [&] { fired = true; });
    begun = true;
    eventually([] { return this_task::stop_requested(); });
    throw std::runtime_error("stopped");
  });
  REQUIRE(eventually([&] { return begun.load(); }));
  CHECK_FALSE(future.cancel());
  CHECK(future.cancel(cancel_running));
  CHECK(fired);
  CHECK_THROWS_AS(future.result(), CancelledError);
  CHECK(future.info().attempts == 1);
  CHECK_FALSE(future.cancel(cancel_running));
  CHECK(future.cancel());
}

TEST_CASE("a token that a thread's task asks for after the stop is already fired") {
  ThreadPoolExecutor pool(1);
  Held held;
  std::atomic<bool> fired = false;
  auto future = pool.submit([&fired, task = held.task()] {
    task();
    fired = this_task::stop_token().stop_requested();
  });
  REQUIRE(held.has_begun());
  CHECK(future.cancel(cancel_running));
  held.gate.open();
  CHECK_THROWS_AS(future.result(), CancelledError);
  CHECK(fired);
}

TEST_CASE("a thread's task gets its further attempts, each with arguments of its own") {
  ThreadPoolExecutor pool(1);
  auto again = pool.with({.retry = {.max_attempts = 3}});
  CHECK(again.submit<throw_until>(3).result() == 3);
  CHECK_THROWS_AS(again.submit<throw_until>(4).result(), std::runtime_error);
  auto used_up = again.submit(
      [](std::string&& text) {
        std::string taken = std::move(text);
        if (this_task::attempt() < 3) throw std::runtime_error(taken);
        return taken;
      },
      "whole");
  CHECK(used_up.result() == "whole");
  auto others = pool.with({.retry = {.max_attempts = 3, .on = RetryOn::worker_lost}});
  CHECK_THROWS_AS(others.submit<throw_until>(2).result(), std::runtime_error);
}

TEST_CASE("a task that waits for its next attempt holds no thread, and can be cancelled") {
  for (const Duration delay : {Duration(1h), Duration::max()}) {
    ThreadPoolExecutor pool(1);
    auto delayed = pool.with({.retry = {.max_attempts = 2, .delay = delay, .max_delay = delay}})
                       .submit<throw_until>(2);
    CHECK(eventually([&] { return delayed.info().attempts >= 1 && !delayed.running(); }));
    CHECK(pool.submit<doubled>(1).result() == 2);
    CHECK(delayed.info().attempts == 1);
    CHECK(delayed.cancel());
  }
}

TEST_CASE("a delayed attempt begins while the only thread so far is at a long task") {
  ThreadPoolExecutor pool(2);
  Held held;
  auto delayed = pool.with({.retry = {.max_attempts = 2, .delay = 200ms}}).submit<throw_until>(2);
  CHECK(eventually([&] { return delayed.info().attempts == 1 && !delayed.running(); }));
  auto busy = pool.submit(held.task());
  CHECK(delayed.result() == 2);
  CHECK_FALSE(busy.done());
}

TEST_CASE("equal priorities start in order of submission, higher ones first") {
  ThreadPoolExecutor pool(1);
  Held held;
  Log log;
  pool.submit(held.task());
  REQUIRE(held.has_begun());
  pool.submit(log.note(1));
  pool.submit(log.note(2));
  pool.with({.priority = 1}).submit(log.note(3));
  pool.with({.priority = -1}).submit(log.note(4));
  pool.submit(log.note(5));
  held.gate.open();
  pool.shutdown();
  CHECK(log.entries() == std::vector<int>{3, 1, 2, 5, 4});
}

TEST_CASE(
    "a thread's task begins when all it comes after have succeeded, and fails when one fails") {
  ThreadPoolExecutor pool(2);
  ThreadPoolExecutor other(1);
  Held held;
  Log log;
  auto first = other.submit([task = held.task(), note = log.note(1)] {
    task();
    note();
  });
  auto second = pool.submit([] {});
  auto last = pool.with({.after = {first, second}}).submit(log.note(2));
  second.result();
  CHECK_FALSE(last.done());
  held.gate.open();
  last.result();
  CHECK(log.entries() == std::vector<int>{1, 2});
  auto fails = other.submit([] { throw std::runtime_error("bad"); });
  auto hopeless = pool.with({.after = {first, fails}}).submit(log.note(3));
  CHECK_THROWS_AS(hopeless.result(), DependencyError);
  CHECK(log.entries().size() == 2);
}

TEST_CASE("submit blocks while max_pending are pending, and shutdown wakes it") {
  ThreadPoolExecutor pool({.max_workers = 1, .max_pending = 1});
  Held held;
  pool.submit(held.task());
  REQUIRE(held.has_begun());
  pool.submit([] {});
  std::atomic<bool> refused = false;
  std::jthread blocked([&] {
    try {
      pool.submit([] {});
    } catch (const ShutdownError&) {
      refused = true;
    }
  });
  CHECK(pool.stats().pending == 1);
  pool.shutdown({.wait = false});
  CHECK(eventually([&] { return refused.load(); }));
}

TEST_CASE("never more than max_pending are pending in a thread pool") {
  ThreadPoolExecutor pool({.max_workers = 1, .max_pending = 2});
  std::atomic<std::uint64_t> most = 0;
  for (int i = 0; i < 100; ++i) {
    pool.submit([&] { most = std::max(most.load(), pool.stats().pending); });
  }
  pool.shutdown();
  CHECK(most <= 2);
  CHECK(pool.stats().done == 100);
}

TEST_CASE("a task that submits to its own full pool makes room itself") {
  ThreadPoolExecutor pool({.max_workers = 1, .max_pending = 1});
  std::atomic<int> ran = 0;
  pool.submit([&] {
        for (int i = 0; i < 5; ++i) pool.submit([&] { ++ran; });
      })
      .result();
  pool.shutdown();
  CHECK(ran == 5);
}

TEST_CASE("the initializer runs on every thread before its first task") {
  std::atomic<int> threads = 0;
  thread_local int prepared = 0;
  ThreadPoolExecutor pool({.max_workers = 2, .initializer = [&] {
                             ++threads;
                             prepared = 1;
                           }});
  Gate gate;
  std::vector<Future<int>> futures;
  for (int i = 0; i < 4; ++i) {
    futures.push_back(pool.submit([pass = gate.pass()] {
      pass();
      return prepared;
    }));
  }
  CHECK(eventually([&] { return pool.stats().running == 2; }));
  gate.open();
  for (const auto& future : futures) CHECK(future.result() == 1);
  CHECK(threads == 2);
}

TEST_CASE(
    "an initializer that throws breaks the thread pool, for what is pending and for submits") {
  ThreadPoolExecutor other(1);
  Held held;
  auto thrower = [pass = held.gate.pass()] {
    pass();
    throw std::runtime_error("no licence");
  };
  ThreadPoolExecutor broken({.max_workers = 1, .initializer = thrower});
  auto pending = broken.submit<doubled>(1);
  auto waiting = broken.with({.after = {other.submit(held.task())}}).submit<doubled>(1);
  held.gate.open();
  const auto error = error_of<BrokenProcessPool>(pending);
  CHECK(std::string(error.what()).find("no licence") != std::string::npos);
  CHECK_THROWS_AS(waiting.result(), BrokenProcessPool);
  CHECK_THROWS_AS(broken.submit<doubled>(1), BrokenProcessPool);
  broken.shutdown();
  CHECK_THROWS_AS(broken.submit<doubled>(1), BrokenProcessPool);
}

TEST_CASE("a suspended thread pool begins nothing until it is resumed or shut down") {
  ThreadPoolExecutor pool(2);
  pool.suspend();
  std::vector<Future<int>> futures;
  for (int i = 0; i < 4; ++i) futures.push_back(pool.submit<doubled>(i));
  CHECK(wait(futures, 20ms).done.empty());
  CHECK(pool.stats().pending == 4);
  pool.resume();
  CHECK(wait(futures).done.size() == 4);
  pool.suspend();
  auto last = pool.submit<doubled>(5);
  pool.shutdown();
  CHECK(last.result() == 10);
}

TEST_CASE("a moved thread pool goes on, the one it was moved from says so") {
  ThreadPoolExecutor pool(1);
  ThreadPoolExecutor moved = std::move(pool);
  CHECK(moved.submit<doubled>(1).result() == 2);
  CHECK_THROWS_AS(pool.submit<doubled>(1), std::logic_error);  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("a thread pool that another one is assigned to ends, and leaves that one empty") {
  ThreadPoolExecutor pool(1);
  ThreadPoolExecutor other(1);
  auto before = pool.submit<doubled>(1);
  pool = std::move(other);
  CHECK(before.done());
  CHECK(pool.submit<doubled>(2).result() == 4);
  CHECK_THROWS_AS(other.submit<doubled>(3), std::logic_error);  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("many threads submit, cancel and wait at the same time; each task settles once") {
  ThreadPoolExecutor pool(4);
  std::atomic<int> ran = 0;
  std::atomic<int> cancelled = 0;
  {
    std::vector<std::jthread> callers;
    for (int caller = 0; caller < 4; ++caller) {
      callers.emplace_back([&] {
        for (int i = 0; i < 500; ++i) {
          auto future = pool.submit([&] { ++ran; });
          if (i % 3 == 0 && future.cancel()) ++cancelled;
          if (i % 7 == 0) future.add_done_callback([](const Future<void>&) {});
          if (i % 11 == 0) (void)wait(std::vector{future});
        }
      });
    }
  }
  pool.shutdown();
  CHECK(ran + cancelled == 2000);
  const PoolStats stats = pool.stats();
  CHECK(stats.done == static_cast<std::uint64_t>(ran.load()));
  CHECK(stats.cancelled == static_cast<std::uint64_t>(cancelled.load()));
  CHECK(stats.pending + stats.running == 0);
}
