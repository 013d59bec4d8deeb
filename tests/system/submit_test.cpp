// SPDX-License-Identifier: MIT
// submit_test.cpp - what a submit promises: another process, the right one, in the right order.
#include <unistd.h>

#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "farm.hpp"

using namespace farm;

namespace {

std::string joined(const std::string& left, std::string_view right, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += left + std::string(right);
  return text;
}

int sum_of(std::vector<int>&& values) {
  int sum = 0;
  for (const int value : values) sum += value;
  return sum;
}

void note_arrival(const std::string& journal, int value) { note(journal, std::to_string(value)); }

/// Returns when `others` tasks have come here as well.
int meet(const std::string& journal, int others) {
  note(journal, "here");
  std::size_t lines = 0;
  do {
    std::ifstream file(journal);
    lines = 0;
    for (std::string line; std::getline(file, line);) ++lines;
  } while (lines <= static_cast<std::size_t>(others));
  return ::getpid();
}

}  // namespace

TEST_CASE("a submitted function runs in another process") {
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<process_id>();
  CHECK(future.result() > 0);
  CHECK(future.result() != ::getpid());
  CHECK(pool.submit<doubled>(21).result() == 42);
}

TEST_CASE("arguments arrive as the parameters want them") {
  ProcessPoolExecutor pool(1);
  CHECK(pool.submit<joined>("a", "b", 2).result() == "abab");
  CHECK(pool.submit<joined>(std::string("x"), std::string_view("y"), 1L).result() == "xy");
  CHECK(pool.submit<sum_of>(std::vector<int>{1, 2, 3}).result() == 6);
  CHECK(pool.submit<doubled>(short{4}).result() == 8);
}

TEST_CASE("lambdas without captures can be submitted") {
  ProcessPoolExecutor pool(1);
  CHECK(pool.submit([](int x) { return x * x; }, 7).result() == 49);
  CHECK(pool.submit([](auto x, auto y) { return x + y; }, 1, 0.5).result() == 1.5);
  CHECK(pool.submit([] { return std::string("no arguments"); }).result() == "no arguments");
}

TEST_CASE("a void function has run when its result is there") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  Future<void> future = pool.submit<note_arrival>(journal.path(), 5);
  future.result();
  CHECK(journal.lines() == std::vector<std::string>{"5"});
}

TEST_CASE("three submits one after the other use one process") {
  ProcessPoolExecutor pool(4);
  const int first = pool.submit<process_id>().result();
  CHECK(pool.submit<process_id>().result() == first);
  CHECK(pool.submit<process_id>().result() == first);
  CHECK(pool.stats().workers_started == 1);
}

TEST_CASE("no process is started before there is work") {
  ProcessPoolExecutor pool(2);
  CHECK(pool.workers().empty());
  CHECK(pool.stats().workers_started == 0);
}

TEST_CASE("two tasks run at the same time in two workers") {
  Journal journal;
  ProcessPoolExecutor pool(2);
  auto one = pool.submit<meet>(journal.path(), 1);
  auto other = pool.submit<meet>(journal.path(), 1);
  CHECK(one.result() != other.result());
}

TEST_CASE("there are never more workers than allowed") {
  Journal journal;
  Gate gate;
  ProcessPoolExecutor pool(2);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 6; ++i) {
    futures.push_back(pool.submit<note_and_pass>(journal.path(), gate.path(), i));
  }
  CHECK(journal.await(2).size() == 2);
  CHECK(pool.workers().size() == 2);
  gate.open();
  for (int i = 0; i < 6; ++i) CHECK(futures[static_cast<std::size_t>(i)].result() == i);
  const auto lines = journal.lines();
  CHECK(lines.size() == 6);
  CHECK(std::set<std::string>(lines.begin(), lines.end()).size() == 2);
}

TEST_CASE("tasks of equal priority start in the order of their submission") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  std::vector<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    pool.submit<note_arrival>(journal.path(), i);
    expected.push_back(std::to_string(i));
  }
  pool.shutdown();
  CHECK(journal.lines() == expected);
}

TEST_CASE("ten thousand small tasks from four threads all come back right") {
  ProcessPoolExecutor pool(2);
  std::vector<std::vector<Future<int>>> futures(4);
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&pool, &futures, thread] {
        auto& mine = futures[static_cast<std::size_t>(thread)];
        for (int i = 0; i < 2500; ++i) mine.push_back(pool.submit<doubled>(thread * 10'000 + i));
      });
    }
  }
  int wrong = 0;
  for (int thread = 0; thread < 4; ++thread) {
    for (int i = 0; i < 2500; ++i) {
      const auto& future = futures[static_cast<std::size_t>(thread)][static_cast<std::size_t>(i)];
      if (future.result() != 2 * (thread * 10'000 + i)) ++wrong;
    }
  }
  CHECK(wrong == 0);
  CHECK(pool.stats().done == 10'000);
}

TEST_CASE("a future outlives its executor") {
  Future<int> future;
  {
    ProcessPoolExecutor pool(1);
    future = pool.submit<doubled>(4);
  }
  CHECK(future.done());
  CHECK(future.result() == 8);
  CHECK_FALSE(future.cancel());
  CHECK(future.info().attempts == 1);
}

TEST_CASE("an executor can be moved; the one moved from refuses work") {
  ProcessPoolExecutor first(1);
  auto before = first.submit<doubled>(1);
  ProcessPoolExecutor second(std::move(first));
  CHECK(second.submit<doubled>(2).result() == 4);
  CHECK(before.result() == 2);
  CHECK_THROWS_AS(first.submit<doubled>(3), std::logic_error);  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("an executor that another one is assigned to ends, and leaves that one empty") {
  ProcessPoolExecutor first(1);
  ProcessPoolExecutor second(1);
  auto before = first.submit<doubled>(1);
  first = std::move(second);
  CHECK(before.done());
  CHECK(first.submit<doubled>(2).result() == 4);
  CHECK_THROWS_AS(second.submit<doubled>(3), std::logic_error);  // NOLINT(bugprone-use-after-move)
  second = std::move(first);
  CHECK(second.submit<doubled>(4).result() == 8);
}

TEST_CASE("two executors work side by side") {
  ProcessPoolExecutor one(1);
  ProcessPoolExecutor other(1);
  auto left = one.submit<process_id>();
  auto right = other.submit<process_id>();
  CHECK(left.result() != right.result());
}
