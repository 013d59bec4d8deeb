// SPDX-License-Identifier: MIT
// wait_test.cpp - waiting for some futures or for all of them.
#include <atomic>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <vector>

#include <procfarm/wait.hpp>

#include "farm.hpp"

using namespace farm;

namespace {

void fail() { throw std::runtime_error("failed"); }
void fail_after(const std::string& gate) {
  pass(gate);
  fail();
}

/// A range that counts.
struct FirstTwo {
  const std::vector<Future<int>>* of;
  auto begin() const { return std::counted_iterator(of->begin(), 2); }
  std::default_sentinel_t end() const { return {}; }
};

}  // namespace

TEST_CASE("wait for all: returns when all are done, failed ones included") {
  ProcessPoolExecutor pool(2);
  std::vector<AnyFuture> futures;
  for (int i = 0; i < 10; ++i) futures.push_back(pool.submit<doubled>(i));
  futures.push_back(pool.submit<fail>());
  const auto result = wait(futures);
  CHECK(result.done == futures);
  CHECK(result.not_done.empty());
}

TEST_CASE("wait for all waits on after the first failure") {
  Gate gate;
  ProcessPoolExecutor pool(2);
  auto failing = pool.submit<fail>();
  auto slow = pool.submit<pass>(gate.path());
  std::jthread opener([&] {
    eventually([&] { return failing.done() && slow.running(); });
    gate.open();
  });
  const auto result = wait(std::vector<AnyFuture>{failing, slow});
  CHECK(result.done.size() == 2);
  CHECK(slow.done());
}

TEST_CASE("a time-out of wait throws nothing and tells what is not done") {
  Gate gate;
  ProcessPoolExecutor pool(2);
  auto slow = pool.submit<pass>(gate.path());
  auto quick = pool.submit<doubled>(1);
  quick.result();
  for (const Duration timeout : {Duration(20ms), Duration(0), Duration(-1s)}) {
    const auto result = wait(std::vector<Future<int>>{slow, quick}, timeout);
    CHECK(result.done == std::vector<Future<int>>{quick});
    CHECK(result.not_done == std::vector<Future<int>>{slow});
  }
  gate.open();
}

TEST_CASE("wait for the first: returns all that are done by then") {
  Gate gate;
  ProcessPoolExecutor pool(2);
  auto slow = pool.submit<pass>(gate.path());
  auto one = pool.submit<doubled>(1);
  auto other = pool.submit<doubled>(2);
  one.result();
  other.result();
  const auto result = wait(std::vector{slow, one, other}, {}, ReturnWhen::first_completed);
  CHECK(result.done == std::vector{one, other});
  CHECK(result.not_done == std::vector{slow});
  gate.open();
}

TEST_CASE("wait for the first: a future that is done only later ends the wait") {
  Gate quick_gate, slow_gate;
  ProcessPoolExecutor pool(2);
  auto slow = pool.submit<pass>(slow_gate.path());
  auto quick = pool.submit<pass>(quick_gate.path());
  std::jthread opener([&] {
    eventually([&] { return quick.running(); });
    quick_gate.open();
  });
  const auto result = wait(std::vector{slow, quick}, {}, ReturnWhen::first_completed);
  CHECK(result.done == std::vector{quick});
  CHECK_FALSE(slow.done());
  slow_gate.open();
}

TEST_CASE("wait for the first exception: a failure ends the wait, success and cancelling do not") {
  Gate slow_gate, fail_gate;
  ProcessPoolExecutor pool(2);
  auto slow = pool.submit<pass>(slow_gate.path());
  auto failing = pool.submit<fail_after>(fail_gate.path());
  CHECK(eventually([&] { return slow.running() && failing.running(); }));
  auto cancelled = pool.submit<doubled>(1);
  CHECK(cancelled.cancel());
  const std::vector<AnyFuture> futures{slow, failing, cancelled};

  auto result = wait(futures, 20ms, ReturnWhen::first_exception);
  CHECK(result.done == std::vector<AnyFuture>{cancelled});
  fail_gate.open();
  result = wait(futures, {}, ReturnWhen::first_exception);
  CHECK(result.done == std::vector<AnyFuture>{failing, cancelled});
  CHECK(result.not_done == std::vector<AnyFuture>{slow});

  result = wait(futures, {}, ReturnWhen::first_exception);  // it has failed already
  CHECK(result.not_done == std::vector<AnyFuture>{slow});
  slow_gate.open();
}

TEST_CASE("wait for the first exception without one waits for all") {
  ProcessPoolExecutor pool(1);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 5; ++i) futures.push_back(pool.submit<doubled>(i));
  CHECK(wait(futures, {}, ReturnWhen::first_exception).done == futures);
}

TEST_CASE("duplicates count once, nothing to wait for returns at once") {
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<doubled>(1);
  CHECK(wait(std::vector{future, future, future}).done.size() == 1);
  for (const ReturnWhen until : {ReturnWhen::all_completed, ReturnWhen::first_completed}) {
    const auto result = wait(std::vector<Future<int>>{}, {}, until);
    CHECK(result.done.empty());
    CHECK(result.not_done.empty());
  }
  CHECK_THROWS_AS(wait(std::vector{future, Future<int>{}}), InvalidStateError);
}

TEST_CASE("futures of several executors are waited for together") {
  ProcessPoolExecutor one(1);
  ProcessPoolExecutor other(1);
  const std::vector<AnyFuture> futures{one.submit<doubled>(1), other.submit<process_id>(),
                                       other.submit<fail>()};
  CHECK(wait(futures).done == futures);
}

TEST_CASE("several threads wait for the same futures") {
  Gate gate;
  ProcessPoolExecutor pool(2);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 20; ++i) futures.push_back(pool.submit<pass>(gate.path()));
  std::atomic<int> complete{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        if (wait(futures).done.size() == 20) ++complete;
      });
    }
    gate.open();
  }
  CHECK(complete == 4);
}

TEST_CASE("wait sees a task that is lost and one that is cancelled while it waits") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto running = pool.with({.grace = 1ms}).submit<run_for_ever>(journal.path());
  auto pending = pool.submit<doubled>(1);
  std::jthread canceller([&] {
    journal.await(1);
    pending.cancel();
    running.cancel(cancel_running);
  });
  CHECK(wait(std::vector<AnyFuture>{running, pending}).not_done.empty());
}

TEST_CASE("wait and as_completed take ranges whose end is of another type") {
  ProcessPoolExecutor pool(1);
  const std::vector<Future<int>> futures{pool.submit<doubled>(1), pool.submit<doubled>(2),
                                         pool.submit<doubled>(3)};
  CHECK(wait(FirstTwo{&futures}).done.size() == 2);
  int sum = 0;
  for (const auto& done : as_completed(FirstTwo{&futures})) sum += done.result();
  CHECK(sum == 6);
}
