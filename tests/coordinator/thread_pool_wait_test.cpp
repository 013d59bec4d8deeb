// SPDX-License-Identifier: MIT
// thread_pool_wait_test.cpp - tasks that wait for tasks of their own pool: never for want of a
// thread, and never in a circle.
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

#include "thread_pool_support.hpp"

using namespace local;

namespace {

int fibonacci(ThreadPoolExecutor& pool, int n) {
  if (n < 2) return n;
  auto smaller = pool.submit(fibonacci, std::ref(pool), n - 2);
  return fibonacci(pool, n - 1) + smaller.result();
}

int chain(ThreadPoolExecutor& pool, int length) {
  return length == 0 ? 0 : 1 + pool.submit(chain, std::ref(pool), length - 1).result();
}

std::vector<Future<int>> some(ThreadPoolExecutor& pool, int count) {
  std::vector<Future<int>> futures;
  for (int i = 0; i < count; ++i) futures.push_back(pool.submit<doubled>(i));
  return futures;
}

}  // namespace

TEST_CASE("a task runs what it waits for itself: one thread is enough") {
  ThreadPoolExecutor pool(1);
  CHECK(pool.submit(fibonacci, std::ref(pool), 12).result() == 144);
  CHECK(pool.stats().workers_started < 12);
}

TEST_CASE("many tasks that wait for tasks do not need a thread each") {
  ThreadPoolExecutor pool(4);
  std::vector<Future<int>> outer;
  for (int i = 0; i < 100; ++i) {
    outer.push_back(pool.submit([&pool, i] { return pool.submit<doubled>(i).result(); }));
  }
  for (int i = 0; i < 100; ++i) CHECK(outer[static_cast<std::size_t>(i)].result() == 2 * i);
  CHECK(pool.stats().workers_started < 20);
}

TEST_CASE("a chain of waits that is too deep for one stack goes on in other threads") {
  ThreadPoolExecutor pool(1);
  CHECK(pool.submit(chain, std::ref(pool), 500).result() == 500);
  CHECK(pool.stats().workers_started > 1);
}

TEST_CASE("a task waits for many of its own pool: wait, as_completed, map") {
  ThreadPoolExecutor pool(1);
  CHECK(pool.submit([&] { return wait(some(pool, 5)).done.size(); }).result() == 5);
  CHECK(
      pool.submit([&] { return wait(some(pool, 5), {}, ReturnWhen::first_completed).done.empty(); })
          .result() == false);
  auto completed = [&] {
    int sum = 0;
    for (auto& future : as_completed(some(pool, 5))) sum += future.result();
    return sum;
  };
  CHECK(pool.submit(completed).result() == 20);
  auto mapped = [&] {
    int sum = 0;
    for (const int value : pool.map<doubled>(std::vector{1, 2, 3})) sum += value;
    return sum;
  };
  CHECK(pool.submit(mapped).result() == 12);
}

TEST_CASE("a task waits with a time limit: another thread takes its place") {
  ThreadPoolExecutor pool(1);
  CHECK(pool.submit([&] { return pool.submit<doubled>(4).result(20s); }).result() == 8);
}

TEST_CASE("a task waits for one that is delayed, or comes after one that has not begun") {
  ThreadPoolExecutor pool(1);
  auto delayed = [&] {
    auto again = pool.with({.retry = {.max_attempts = 2, .delay = 5ms}});
    return again
        .submit([] {
          if (this_task::attempt() == 1) throw std::runtime_error("not yet");
          return this_task::attempt();
        })
        .result();
  };
  CHECK(pool.submit(delayed).result() == 2);
  auto dependent = [&] {
    auto first = pool.submit<doubled>(1);
    return pool.with({.after = {first}}).submit<doubled>(2).result();
  };
  CHECK(pool.submit(dependent).result() == 4);
}

TEST_CASE("a task that waits for itself is refused") {
  ThreadPoolExecutor pool(1);
  std::promise<Future<int>> itself;
  auto future = pool.submit([&] { return itself.get_future().get().result(); });
  itself.set_value(future);
  CHECK_THROWS_AS(future.result(), InvalidStateError);
}

TEST_CASE("a task that waits for one that comes after it is refused") {
  ThreadPoolExecutor pool(2);
  std::promise<Future<int>> successor;
  auto future = pool.submit([&] { return successor.get_future().get().result(); });
  successor.set_value(pool.with({.after = {future}}).submit<doubled>(1));
  CHECK_THROWS_AS(future.result(), InvalidStateError);
}

TEST_CASE("of two tasks that wait for each other one is refused") {
  ThreadPoolExecutor pool(2);
  std::promise<Future<int>> to_first;
  std::promise<Future<int>> to_second;
  auto first = pool.submit([&] { return to_first.get_future().get().result(); });
  auto second = pool.submit([&] { return to_second.get_future().get().result(); });
  to_first.set_value(second);
  to_second.set_value(first);
  CHECK_THROWS_AS(first.result(), InvalidStateError);
  CHECK_THROWS_AS(second.result(), InvalidStateError);
}

TEST_CASE("a task that is cancelled while it waits ends when it has waited") {
  ThreadPoolExecutor pool(2);
  Held held;
  auto inner = pool.submit(held.task());
  REQUIRE(held.has_begun());
  Held outer_begun;
  outer_begun.gate.open();
  auto outer = pool.submit([&, begun = outer_begun.task()] {
    begun();
    inner.result();
  });
  REQUIRE(outer_begun.has_begun());
  CHECK(outer.cancel(cancel_running));
  held.gate.open();
  CHECK_THROWS_AS(outer.result(), CancelledError);
}
