// SPDX-License-Identifier: MIT
// serial_executor_test.cpp - everything at submit, in this thread.
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "thread_pool_support.hpp"

using namespace local;

TEST_CASE("a serial executor runs at submit, in the caller's thread") {
  SerialExecutor serial;
  int calls = 0;
  auto future = serial.submit([&calls] {
    ++calls;
    return std::this_thread::get_id();
  });
  CHECK(calls == 1);
  CHECK(future.done());
  CHECK(future.result() == std::this_thread::get_id());
  CHECK_FALSE(future.running());
  CHECK_FALSE(future.cancel());
  CHECK_FALSE(future.cancel(cancel_running));
  CHECK(serial.submit([] { return std::make_unique<int>(1); }).result() != nullptr);
  CHECK(serial.stats().done == 2);
  CHECK(serial.workers().empty());
}

TEST_CASE("errors of a serial executor stay in the future") {
  SerialExecutor serial;
  auto future = serial.submit([]() -> int { throw std::out_of_range("too far"); });
  CHECK_THROWS_AS(future.result(), std::out_of_range);
  CHECK(future.exception() != nullptr);
  bool called = false;
  future.add_done_callback([&called](const Future<int>&) { called = true; });
  CHECK(called);
  CHECK(serial.stats().failed == 1);
}

TEST_CASE("a serial task knows its attempt and id, and may submit to its own executor") {
  SerialExecutor serial;
  auto again = serial.with({.name = "again", .retry = {.max_attempts = 3}});
  auto future = again.submit([&serial] {
    std::string own = this_task::id();
    CHECK(serial.submit([] { return this_task::id(); }).result() != own);
    CHECK(this_task::id() == own);
    if (this_task::attempt() < 3) throw std::runtime_error("not yet");
    return own;
  });
  CHECK(future.result() == future.info().id);
  CHECK(future.info().attempts == 3);
  CHECK(future.info().name == "again");
  CHECK(this_task::attempt() == 0);
}

TEST_CASE("a serial task waits for the futures it comes after") {
  ThreadPoolExecutor pool(1);
  SerialExecutor serial;
  auto slow = pool.submit([] { std::this_thread::yield(); });
  CHECK(serial.with({.after = {slow}}).submit([slow] { return slow.done(); }).result());
  auto bad = pool.submit([] { throw std::runtime_error("bad"); });
  bool ran = false;
  auto refused = serial.with({.after = {bad}}).submit([&ran] { ran = true; });
  CHECK_THROWS_AS(refused.result(), DependencyError);
  CHECK_FALSE(ran);
}

TEST_CASE("a serial executor refuses what it cannot do") {
  CHECK_THROWS_AS(SerialExecutor(0), std::invalid_argument);
  SerialExecutor serial(3);
  CHECK_THROWS_AS(serial.with({.timeout = 1s}), std::invalid_argument);
  serial.shutdown();
  CHECK_THROWS_AS(serial.submit<doubled>(1), ShutdownError);
}
