// SPDX-License-Identifier: MIT
// coroutine_test.cpp - co_await on futures, in the smallest coroutine type there is.
#include <procfarm/coroutine.hpp>

#include <coroutine>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

#include "thread_pool_support.hpp"

using namespace local;

namespace {

/// Runs by itself and tells by a promise when it is through. Promises outlive the pools below:
/// set_value() may still be at work when get() has returned.
struct Detached {
  struct promise_type {
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    Detached get_return_object() { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Detached add(Future<int> a, Future<int> b, std::promise<int>& sum) {
  const int first = co_await a;
  const int second = co_await b;
  sum.set_value(first + second);
}

Detached tell_thread(Future<void> future, std::promise<std::thread::id>& thread) {
  co_await future;
  thread.set_value(std::this_thread::get_id());
}

Detached tell_error(Future<int> future, std::promise<std::string>& text) {
  try {
    (void)co_await future;
    text.set_value("none");
  } catch (const std::out_of_range& error) {
    text.set_value(error.what());
  } catch (const CancelledError&) {
    text.set_value("cancelled");
  }
}

Detached sum_up(ThreadPoolExecutor& pool, int count, std::promise<int>& sum) {
  int total = 0;
  for (int i = 0; i < count; ++i) total += co_await pool.submit<doubled>(i);
  sum.set_value(total);
}

}  // namespace

TEST_CASE("co_await yields the values of futures, of any executor") {
  std::promise<int> sum;
  ThreadPoolExecutor pool(1);
  SerialExecutor serial;
  add(pool.submit<doubled>(1), serial.submit<doubled>(2), sum);
  CHECK(sum.get_future().get() == 6);
}

TEST_CASE("a coroutine goes on at once when the future is done, else on the callback thread") {
  std::promise<std::thread::id> at_once;
  std::promise<std::thread::id> later;
  ThreadPoolExecutor pool(1);
  auto done = pool.submit([] {});
  done.result();
  tell_thread(done, at_once);
  CHECK(at_once.get_future().get() == std::this_thread::get_id());
  Held held;
  auto future = later.get_future();
  tell_thread(pool.submit(held.task()), later);
  CHECK(future.wait_for(0s) == std::future_status::timeout);
  held.gate.open();
  CHECK(future.get() != std::this_thread::get_id());
}

TEST_CASE("co_await throws what the task threw, and CancelledError") {
  std::promise<std::string> thrown;
  std::promise<std::string> cancelled;
  ThreadPoolExecutor pool(1);
  tell_error(pool.submit([]() -> int { throw std::out_of_range("too far"); }), thrown);
  CHECK(thrown.get_future().get() == "too far");
  Held held;
  pool.submit(held.task());
  auto pending = pool.submit<doubled>(1);
  tell_error(pending, cancelled);
  CHECK(pending.cancel());
  CHECK(cancelled.get_future().get() == "cancelled");
}

TEST_CASE("a coroutine may await one task after the other") {
  std::promise<int> sum;
  ThreadPoolExecutor pool(2);
  sum_up(pool, 1000, sum);
  CHECK(sum.get_future().get() == 999'000);
}
