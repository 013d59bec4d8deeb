// SPDX-License-Identifier: MIT
// as_completed_test.cpp - futures in the order of their completion.
#include <stdexcept>
#include <vector>

#include <procfarm/wait.hpp>

#include "farm.hpp"

using namespace farm;

namespace {

template <class Range>
auto all_of(Range&& range) {
  std::vector<typename std::remove_cvref_t<decltype(*range.begin())>> futures;
  for (auto& future : range) futures.push_back(future);
  return futures;
}

void fail() { throw std::runtime_error("failed"); }

}  // namespace

TEST_CASE("what is done comes first, the rest in the order of completion") {
  Gate first_gate, second_gate;
  ProcessPoolExecutor pool(2);
  auto last = pool.submit<pass>(second_gate.path());
  auto middle = pool.submit<pass>(first_gate.path());
  auto done = pool.submit<doubled>(1);
  CHECK(eventually([&] { return last.running() && middle.running(); }));
  std::vector<Future<int>> order;
  first_gate.open();
  middle.result();
  done.result();
  for (auto& future : as_completed(std::vector{last, middle, done})) {
    order.push_back(future);
    if (order.size() == 2) second_gate.open();
  }
  REQUIRE(order.size() == 3);
  CHECK(order[2] == last);
}

TEST_CASE("completion decides the order, not submission") {
  Gate gates[3];
  ProcessPoolExecutor pool(3);
  std::vector<Future<int>> futures;
  for (const Gate& gate : gates) futures.push_back(pool.submit<pass>(gate.path()));
  std::vector<Future<int>> order;
  gates[2].open();
  for (auto& future : as_completed(futures)) {
    order.push_back(future);
    if (order.size() == 1) gates[0].open();
    if (order.size() == 2) gates[1].open();
  }
  CHECK(order == std::vector{futures[2], futures[0], futures[1]});
}

TEST_CASE("each future comes once, failed and cancelled ones too") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto good = pool.submit<pass>(gate.path());
  CHECK(eventually([&] { return good.running(); }));
  auto failing = pool.submit<fail>();
  auto cancelled = pool.submit<doubled>(1);
  CHECK(cancelled.cancel());
  gate.open();
  const std::vector<AnyFuture> futures{good, failing, cancelled, good, cancelled};
  CHECK(all_of(as_completed(futures)).size() == 3);
}

TEST_CASE("as_completed of nothing ends at once") {
  CHECK(all_of(as_completed(std::vector<AnyFuture>{})).empty());
}

TEST_CASE("a time-out ends the iteration and counts what is missing") {
  Gate gate;
  ProcessPoolExecutor pool(2);
  std::vector<Future<int>> futures{pool.submit<doubled>(1), pool.submit<doubled>(2)};
  for (const auto& future : futures) future.result();
  futures.push_back(pool.submit<pass>(gate.path()));
  futures.push_back(pool.submit<pass>(gate.path()));
  std::size_t seen = 0;
  const auto read_all = [&] {
    for (auto& future : as_completed(futures, 30ms)) {
      CHECK(future.done());
      ++seen;
    }
  };
  CHECK_THROWS_WITH_AS(read_all(), "2 (of 4) futures unfinished", TimeoutError);
  CHECK(seen == 2);
  gate.open();
}

TEST_CASE("a time-out of zero delivers what is done") {
  Gate gate;
  ProcessPoolExecutor pool(2);
  auto done = pool.submit<doubled>(1);
  done.result();
  auto slow = pool.submit<pass>(gate.path());
  std::size_t seen = 0;
  const auto read_all = [&] {
    for (auto& future : as_completed(std::vector{slow, done}, 0s)) seen += future == done ? 1 : 10;
  };
  CHECK_THROWS_WITH_AS(read_all(), "1 (of 2) futures unfinished", TimeoutError);
  CHECK(seen == 1);
  gate.open();
}

TEST_CASE("the clock of as_completed starts at the call, not at the first step") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<pass>(gate.path());
  auto range = as_completed(std::vector{future}, 30ms);
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(wait(std::vector{future}, 40ms).not_done.empty());
  const auto waited = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(range.begin(), TimeoutError);
  CHECK(std::chrono::steady_clock::now() - waited < waited - start + 1s);
  gate.open();
}

TEST_CASE("futures of several executors come as they complete") {
  ProcessPoolExecutor one(1);
  ProcessPoolExecutor other(1);
  std::vector<AnyFuture> futures;
  for (int i = 0; i < 20; ++i) futures.push_back((i % 2 == 0 ? one : other).submit<doubled>(i));
  CHECK(all_of(as_completed(futures)).size() == 20);
}

TEST_CASE("leaving the iteration early is fine; the futures live on") {
  Gate gate;
  ProcessPoolExecutor pool(2);
  auto quick = pool.submit<doubled>(1);
  auto slow = pool.submit<pass>(gate.path());
  for (auto& future : as_completed(std::vector{quick, slow})) {
    CHECK(future == quick);
    break;
  }
  gate.open();
  CHECK(slow.result() > 0);
}
