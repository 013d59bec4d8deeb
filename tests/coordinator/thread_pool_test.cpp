// SPDX-License-Identifier: MIT
// thread_pool_test.cpp - what ThreadPoolExecutor runs, on which threads, and what it hands out.
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "thread_pool_support.hpp"

using namespace local;

namespace {

struct MoveOnly {
  explicit MoveOnly(int number) : value(std::make_unique<int>(number)) {}
  std::unique_ptr<int> value;
};

class OwnError : public std::exception {
 public:
  const char* what() const noexcept override { return "its own"; }
};

struct NoTraveller {
  const void* address;
};

}  // namespace

TEST_CASE("threads run functions, lambdas that capture, and function objects") {
  ThreadPoolExecutor pool(2);
  int factor = 3;
  CHECK(pool.submit<doubled>(4).result() == 8);
  CHECK(pool.submit([factor](int x) { return factor * x; }, 4).result() == 12);
  CHECK(pool.submit(std::plus<>(), 4, 5).result() == 9);
  CHECK(pool.submit(&std::string::size, std::string("four")).result() == 4);
  CHECK(pool.submit(doubled, 2).result() == 4);
  pool.submit([] {}).result();
}

TEST_CASE("a thread's task takes what cannot be copied, and what it is to change") {
  ThreadPoolExecutor pool(1);
  CHECK(pool.submit([](MoveOnly taken) { return *taken.value; }, MoveOnly(5)).result() == 5);
  CHECK(pool.submit([](MoveOnly&& taken) { return *taken.value; }, MoveOnly(6)).result() == 6);
  CHECK(pool.submit([kept = MoveOnly(7)] { return *kept.value; }).result() == 7);
  int changed = 0;
  pool.submit([](int& target) { target = 1; }, std::ref(changed)).result();
  CHECK(changed == 1);
}

TEST_CASE("a literal arrives as a string, and as a pointer where that is what the function takes") {
  ThreadPoolExecutor pool(1);
  CHECK(pool.submit([](const std::string& text) { return text; }, "text").result() == "text");
  CHECK(pool.submit([](std::string_view text) { return text.size(); }, "text").result() == 4);
  CHECK(pool.submit([](const char* text) { return text[0]; }, "text").result() == 't');
  CHECK(pool.submit([](auto text) { return std::string(text + "!"); }, "text").result() == "text!");
}

TEST_CASE("each result is an object of its own; what cannot be copied is encoded") {
  ThreadPoolExecutor pool(1);
  auto text = pool.submit([] { return std::string("text"); });
  std::string first = text.result();
  first += "!";
  CHECK(text.result() == "text");
  auto pointer = pool.submit([] { return std::make_unique<int>(5); });
  CHECK(*pointer.result() == 5);
  CHECK(pointer.result() != pointer.result());
  auto pointers = pool.submit([] {
    std::vector<std::unique_ptr<int>> all;
    all.push_back(std::make_unique<int>(6));
    return all;
  });
  CHECK(*pointers.result().at(0) == 6);
  const int here = 0;
  auto local_only = pool.submit([&here] { return NoTraveller{&here}; });
  CHECK(local_only.result().address == &here);
  CHECK(local_only.exception() == nullptr);
}

TEST_CASE("three submits one after the other use one thread") {
  ThreadPoolExecutor pool(8);
  std::set<std::thread::id> threads;
  for (int i = 0; i < 3; ++i) {
    threads.insert(pool.submit([] { return std::this_thread::get_id(); }).result());
  }
  CHECK(threads.size() == 1);
  CHECK(pool.stats().workers_started == 1);
}

TEST_CASE("no more threads than max_workers run at a time") {
  ThreadPoolExecutor pool(2);
  Gate gate;
  std::vector<Future<void>> futures;
  for (int i = 0; i < 5; ++i) futures.push_back(pool.submit(gate.pass()));
  CHECK(eventually([&] { return pool.stats().running == 2; }));
  CHECK(pool.stats().pending == 3);
  CHECK(pool.workers().size() == 2);
  CHECK(pool.workers().at(0).busy);
  gate.open();
  pool.shutdown();
  CHECK(pool.stats().done == 5);
  CHECK(pool.stats().workers_started == 2);
}

TEST_CASE("impossible options of a thread pool are refused") {
  CHECK_THROWS_WITH_AS(ThreadPoolExecutor(0), "max_workers must be greater than 0",
                       std::invalid_argument);
  CHECK_THROWS_AS(ThreadPoolExecutor({.max_pending = 0}), std::invalid_argument);
  ThreadPoolExecutor pool(1);
  CHECK_THROWS_AS(pool.with({.timeout = 1s}), std::invalid_argument);
  auto repeated = pool.with({.retry = {.max_attempts = 2}});
  CHECK_THROWS_AS(repeated.submit([kept = MoveOnly(1)] { return *kept.value; }),
                  std::invalid_argument);
}

TEST_CASE("what a thread's task throws comes back as its own type, whatever that is") {
  ThreadPoolExecutor pool(1);
  auto standard = pool.submit([]() -> int { throw std::out_of_range("too far"); });
  CHECK(std::string(error_of<std::out_of_range>(standard).what()) == "too far");
  auto own = pool.submit([]() -> int { throw OwnError(); });
  CHECK(std::string(error_of<OwnError>(own).what()) == "its own");
  auto number = pool.submit([]() -> int { throw 42; });
  CHECK_THROWS_AS(number.result(), int);
  CHECK(number.exception() != nullptr);
  CHECK(pool.stats().failed == 3);
}

TEST_CASE("each call of result() throws an object of its own where the type is known") {
  ThreadPoolExecutor pool(1);
  auto future = pool.submit([]() -> int {
    try {
      throw std::length_error("inner");
    } catch (...) {
      std::throw_with_nested(std::runtime_error("outer"));
    }
  });
  const auto first = future.exception();
  CHECK(first != future.exception());
  try {
    std::rethrow_exception(first);
  } catch (const std::runtime_error& error) {
    CHECK(std::string(error.what()) == "outer");
    CHECK_THROWS_AS(std::rethrow_if_nested(error), std::length_error);
  }
}

TEST_CASE("an error code of a category of the program's own survives") {
  ThreadPoolExecutor pool(1);
  auto future = pool.submit(
      []() -> int { throw std::system_error(make_error_code(std::future_errc::no_state)); });
  CHECK(error_of<std::system_error>(future).code() == std::future_errc::no_state);
}

TEST_CASE("a finished task holds its callable and arguments nowhere, a dropped future no result") {
  ThreadPoolExecutor pool(1);
  auto captured = std::make_shared<int>(1);
  auto argument = std::make_shared<int>(2);
  auto result = std::make_shared<int>(3);
  const std::weak_ptr<int> weak[] = {captured, argument, result};
  auto future =
      pool.submit([captured, &result](const std::shared_ptr<int>&) { return result; }, argument);
  captured.reset();
  argument.reset();
  CHECK(*future.result() == 3);
  result.reset();
  CHECK(weak[0].expired());
  CHECK(weak[1].expired());
  CHECK_FALSE(weak[2].expired());
  future = {};
  CHECK(eventually([&] { return weak[2].expired(); }));
}

TEST_CASE("a cancelled task drops its callable before cancel() returns") {
  ThreadPoolExecutor pool(1);
  Held held;
  auto running = pool.submit(held.task());
  REQUIRE(held.has_begun());
  auto captured = std::make_shared<int>(1);
  const std::weak_ptr<int> weak = captured;
  auto pending = pool.submit([captured = std::move(captured)] { return *captured; });
  CHECK_FALSE(running.cancel());
  CHECK(pending.cancel());
  CHECK(weak.expired());
  CHECK(pool.stats().cancelled == 1);
}

TEST_CASE("a task of a thread knows itself, and tells how far it is") {
  ThreadPoolExecutor pool(1);
  Held held;
  auto future = pool.with({.name = "known"}).submit([task = held.task()] {
    this_task::progress(0.5, "half");
    task();
    CHECK_FALSE(this_task::in_worker());
    return this_task::id() + "/" + std::to_string(this_task::attempt());
  });
  REQUIRE(held.has_begun());
  CHECK(future.running());
  TaskInfo info = future.info();
  CHECK(info.name == "known");
  CHECK(info.progress == 0.5);
  CHECK(info.message == "half");
  CHECK(info.attempts == 1);
  CHECK(pool.workers().at(0).task == "known");
  held.gate.open();
  CHECK(future.result() == info.id + "/1");
  CHECK(this_task::id().empty());
  info = future.info();
  CHECK(info.progress == 1);
  CHECK(info.finished >= info.started);
  CHECK(info.started >= info.submitted);
}

TEST_CASE("map over threads keeps the order, and captures") {
  ThreadPoolExecutor pool(3);
  const std::vector<int> inputs{1, 2, 3, 4, 5};
  int factor = 10;
  std::vector<int> outputs;
  for (const int value :
       pool.map([factor](int a, int b) { return factor * a + b; }, inputs, inputs)) {
    outputs.push_back(value);
  }
  CHECK(outputs == std::vector<int>{11, 22, 33, 44, 55});
  outputs.clear();
  for (const int value : pool.with({}).map<doubled>(MapOptions{.buffersize = 1}, inputs)) {
    outputs.push_back(value);
  }
  CHECK(outputs == std::vector<int>{2, 4, 6, 8, 10});
}
