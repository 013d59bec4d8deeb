// SPDX-License-Identifier: MIT
// future_test.cpp - the states of a future and its figures.
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include <procfarm/this_task.hpp>

#include "farm.hpp"

using namespace farm;

namespace {

std::string fail_with(const std::string& text) { throw std::runtime_error(text); }

int burn_cpu(int milliseconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  volatile int count = 0;
  while (std::chrono::steady_clock::now() < end) count = count + 1;
  return process_id();
}

void report_progress(const std::string& gate) {
  this_task::progress(0.5, "half of it");
  pass(gate);
}

}  // namespace

TEST_CASE("a future goes from pending to running to finished") {
  Gate first_gate, second_gate;
  ProcessPoolExecutor pool(1);
  auto first = pool.submit<pass>(first_gate.path());
  auto second = pool.submit<pass>(second_gate.path());
  CHECK(eventually([&] { return first.running(); }));
  CHECK_FALSE(first.done());
  CHECK_FALSE(second.running());
  CHECK_FALSE(second.done());
  first_gate.open();
  CHECK(first.result() > 0);
  CHECK(first.done());
  CHECK_FALSE(first.running());
  CHECK_FALSE(first.cancelled());
  CHECK(eventually([&] { return second.running(); }));
  second_gate.open();
  CHECK(second.exception() == nullptr);
}

TEST_CASE("a future of no task refuses everything but questions about itself") {
  Future<int> nothing;
  CHECK_FALSE(nothing.valid());
  CHECK(nothing == Future<int>{});
  CHECK_THROWS_AS(nothing.result(), InvalidStateError);
  CHECK_THROWS_AS(nothing.result(0s), InvalidStateError);
  CHECK_THROWS_AS(nothing.exception(), InvalidStateError);
  CHECK_THROWS_AS(nothing.done(), InvalidStateError);
  CHECK_THROWS_AS(nothing.running(), InvalidStateError);
  CHECK_THROWS_AS(nothing.cancelled(), InvalidStateError);
  CHECK_THROWS_AS(nothing.cancel(), InvalidStateError);
  CHECK_THROWS_AS(nothing.cancel(cancel_running), InvalidStateError);
  CHECK_THROWS_AS(nothing.info(), InvalidStateError);
  CHECK_THROWS_AS(nothing.add_done_callback([](const Future<int>&) {}), InvalidStateError);
}

TEST_CASE("copies of a future are the same task; other futures are not") {
  ProcessPoolExecutor pool(1);
  auto one = pool.submit<doubled>(1);
  auto other = pool.submit<doubled>(1);
  const auto copy = one;
  const AnyFuture any = one;
  CHECK(copy == one);
  CHECK(any == one);
  CHECK_FALSE(one == other);
  CHECK(std::unordered_set<AnyFuture>{one, copy, other, any}.size() == 2);
  CHECK(std::unordered_set<Future<int>>{one, copy, other}.size() == 2);
}

TEST_CASE("a wait that runs out leaves the task alone") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<pass>(gate.path());
  CHECK_THROWS_AS(future.result(5ms), TimeoutError);
  CHECK_THROWS_AS(future.result(0s), TimeoutError);
  CHECK_THROWS_AS(future.result(-1s), TimeoutError);
  CHECK_THROWS_AS(future.exception(5ms), TimeoutError);
  gate.open();
  CHECK(future.result(20s) > 0);
  CHECK(future.result(0s) > 0);
  CHECK(future.exception(0s) == nullptr);
}

TEST_CASE("the longest time-out is no time-out") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<pass>(gate.path());
  std::jthread opener([&] {
    eventually([&] { return future.running(); });
    gate.open();
  });
  CHECK(future.result(Duration::max()) > 0);
}

TEST_CASE("many threads may wait for one result, again and again") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<pass>(gate.path());
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&good, future] {
        if (future.result() > 0 && future.result() > 0) ++good;
      });
    }
    gate.open();
  }
  CHECK(good == 8);
}

TEST_CASE("exception() is the error, null on success") {
  ProcessPoolExecutor pool(1);
  auto good = pool.submit<doubled>(1);
  auto bad = pool.submit<fail_with>("broken");
  CHECK(good.exception() == nullptr);
  const std::exception_ptr error = bad.exception();
  REQUIRE(error != nullptr);
  CHECK_THROWS_WITH_AS(std::rethrow_exception(error), "broken", std::runtime_error);
  CHECK(AnyFuture(bad).exception() != nullptr);
  CHECK(AnyFuture(good).exception() == nullptr);
}

TEST_CASE("info() tells name, attempt, process, times and resources of a finished task") {
  ProcessPoolExecutor pool(1);
  const auto before = std::chrono::system_clock::now();
  auto future = pool.with({.name = "burner"}).submit<burn_cpu>(30);
  const int pid = future.result();
  const TaskInfo info = future.info();
  CHECK_FALSE(info.id.empty());
  CHECK(info.name == "burner");
  CHECK(info.attempts == 1);
  CHECK(info.pid == pid);
  CHECK_FALSE(info.host.empty());
  CHECK(info.submitted >= before - 1s);
  CHECK(info.submitted <= info.started);
  CHECK(info.finished - info.started >= 30ms);
  CHECK(info.finished <= std::chrono::system_clock::now() + 1s);
  CHECK(info.cpu_time > 1ms);
  CHECK(info.cpu_time < 5s);
  CHECK(info.peak_memory > 100'000);
}

TEST_CASE("info() of a running task tells its process and progress, of a pending one nothing") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto running = pool.submit<report_progress>(gate.path());
  auto pending = pool.submit<doubled>(1);
  CHECK(eventually([&] { return running.info().progress == 0.5; }));
  const TaskInfo info = running.info();
  CHECK(info.message == "half of it");
  CHECK(info.attempts == 1);
  CHECK(info.pid == pool.workers().at(0).pid);
  CHECK(info.started >= info.submitted);
  CHECK(info.finished == TimePoint{});
  CHECK(pending.info().attempts == 0);
  CHECK(pending.info().pid == 0);
  CHECK(pending.info().started == TimePoint{});
  CHECK(pending.cancel());
  CHECK(pending.info().attempts == 0);
  gate.open();
}

TEST_CASE("each task has an id of its own") {
  ProcessPoolExecutor pool(1);
  auto one = pool.submit([] { return this_task::id(); });
  auto other = pool.submit([] { return this_task::id(); });
  CHECK(one.result() == one.info().id);
  CHECK(other.result() == other.info().id);
  CHECK(one.result() != other.result());
}
