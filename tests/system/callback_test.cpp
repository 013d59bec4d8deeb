// SPDX-License-Identifier: MIT
// callback_test.cpp - what add_done_callback promises: order, exactly once, no harm from any of
// them.
#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "farm.hpp"

using namespace farm;

namespace {

/// Callbacks from several threads write here.
class Log {
 public:
  void add(int entry) {
    std::lock_guard lock(mutex_);
    entries_.push_back(entry);
  }
  std::vector<int> entries() const {
    std::lock_guard lock(mutex_);
    return entries_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<int> entries_;
};

}  // namespace

TEST_CASE("callbacks run in the order of adding, once each, with their future") {
  Gate gate;
  Log log;
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<pass>(gate.path());
  for (int i = 0; i < 5; ++i) {
    future.add_done_callback([&log, &future, i](const Future<int>& done) {
      log.add(done == future && done.done() ? i : -1);
    });
  }
  gate.open();
  pool.shutdown();
  CHECK(log.entries() == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("callbacks may own what cannot be copied, and take their future over") {
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<doubled>(4);
  std::promise<int> promise;
  auto answer = promise.get_future();
  future.add_done_callback([promise = std::move(promise)](Future<int>&& done) mutable {
    promise.set_value(Future<int>(std::move(done)).result());
  });
  CHECK(answer.get() == 8);
  int seen = 0;
  AnyFuture(future).add_done_callback(
      [&seen, own = std::make_unique<int>(3)](AnyFuture done) { seen = done.done() ? *own : -1; });
  pool.shutdown();  // with it the callback thread has run all
  CHECK(seen == 3);
}

TEST_CASE("a callback added after completion runs at once, in the adding thread") {
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<doubled>(1);
  future.result();
  std::thread::id thread{};
  future.add_done_callback([&thread](const Future<int>&) { thread = std::this_thread::get_id(); });
  CHECK(thread == std::this_thread::get_id());
  AnyFuture(future).add_done_callback([&thread](const AnyFuture&) { thread = {}; });
  CHECK(thread == std::thread::id{});
}

TEST_CASE("a callback added while earlier ones run comes after them") {
  Gate task_gate;
  std::atomic<bool> entered{false};
  std::atomic<bool> go_on{false};
  Log log;
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<pass>(task_gate.path());
  future.add_done_callback([&](const Future<int>&) {
    entered = true;
    eventually([&] { return go_on.load(); });
    log.add(1);
  });
  task_gate.open();
  CHECK(eventually([&] { return entered.load(); }));
  future.add_done_callback([&log](const Future<int>&) { log.add(2); });
  CHECK(log.entries().empty());
  go_on = true;
  pool.shutdown();
  CHECK(log.entries() == std::vector<int>{1, 2});
}

TEST_CASE("what a callback throws is dropped; the others run") {
  Gate gate;
  Log log;
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<pass>(gate.path());
  future.add_done_callback([&log](const Future<int>&) { log.add(1); });
  future.add_done_callback(
      [](const Future<int>&) { throw std::runtime_error("a test throws this"); });
  future.add_done_callback([](const Future<int>&) { throw 42; });
  future.add_done_callback([&log](const Future<int>&) { log.add(2); });
  gate.open();
  CHECK(future.result() > 0);
  pool.shutdown();
  CHECK(log.entries() == std::vector<int>{1, 2});
}

TEST_CASE("a slow callback delays other callbacks only") {
  Gate gate;
  std::atomic<bool> go_on{false};
  Log log;
  ProcessPoolExecutor pool(1);
  auto slow = pool.submit<pass>(gate.path());
  slow.add_done_callback([&](const Future<int>&) {
    eventually([&] { return go_on.load(); });
    log.add(1);
  });
  auto other = pool.submit<doubled>(2);
  other.add_done_callback([&log](const Future<int>&) { log.add(2); });
  gate.open();
  CHECK(other.result() == 4);
  CHECK(pool.submit<doubled>(3).result() == 6);
  go_on = true;
  pool.shutdown();
  CHECK(log.entries() == std::vector<int>{1, 2});
}

TEST_CASE("a callback may submit and wait for futures") {
  Gate gate;
  std::atomic<int> seen{0};
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<pass>(gate.path());
  future.add_done_callback([&](const Future<int>&) { seen = pool.submit<doubled>(21).result(); });
  gate.open();
  CHECK(eventually([&] { return seen == 42; }));
}

TEST_CASE("a thousand futures: each callback is called exactly once") {
  std::vector<std::atomic<int>> calls(1000);
  {
    ProcessPoolExecutor pool(2);
    for (std::size_t i = 0; i < calls.size(); ++i) {
      auto future = pool.submit<doubled>(static_cast<int>(i));
      future.add_done_callback([&calls, i](const Future<int>& done) {
        if (done.result() == 2 * static_cast<int>(i)) ++calls[i];
      });
    }
  }
  int wrong = 0;
  for (const auto& count : calls) wrong += count == 1 ? 0 : 1;
  CHECK(wrong == 0);
}
