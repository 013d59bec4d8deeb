// SPDX-License-Identifier: MIT
// after_chain_test.cpp - long chains of tasks of which each waits for the one before: what they
// keep, what they say, and how deep they go.
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "thread_pool_support.hpp"

using namespace local;

namespace {

constexpr int long_chain = 20'000;  // deeper than a stack

bool holds(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a task that is done does not keep those that it waited for") {
  ThreadPoolExecutor pool(1);
  std::weak_ptr<int> kept;
  auto first = pool.submit([&kept] {
    auto value = std::make_shared<int>(1);
    kept = value;
    return value;
  });
  auto second = pool.with({.after = {first}}).submit([] { return 2; });
  CHECK(second.result() == 2);
  CHECK_FALSE(kept.expired());
  first = {};
  CHECK(eventually([&] { return kept.expired(); }));  // the pool lets go of it soon
}

TEST_CASE("a submitter keeps what its tasks are to wait for") {
  ThreadPoolExecutor pool(1);
  auto submitter = std::make_unique<LocalSubmitter>(
      pool.with({.after = {pool.submit([]() -> int { throw std::out_of_range("too far"); })}}));
  CHECK_THROWS_AS(submitter->submit([] {}).result(), DependencyError);
  CHECK_THROWS_AS(submitter->submit([] {}).result(), DependencyError);
  auto last = submitter->submit([] {});
  submitter.reset();
  CHECK_THROWS_AS(last.result(), DependencyError);
}

TEST_CASE("a long chain runs to its end and is dropped") {
  ThreadPoolExecutor pool(1);
  AnyFuture last = pool.submit([] {});
  for (int i = 0; i < long_chain; ++i) last = pool.with({.after = {last}}).submit([] {});
  CHECK(last.exception() == nullptr);
}

TEST_CASE("a failure goes down a long chain, and each link tells its reason") {
  ThreadPoolExecutor pool(1);
  Held held;
  auto hold = pool.submit(held.task());
  REQUIRE(held.has_begun());
  AnyFuture last = pool.with({.name = "first"}).submit([] { throw std::out_of_range("too far"); });
  for (int i = 0; i < long_chain; ++i) last = pool.with({.after = {last}}).submit([] {});
  held.gate.open();
  try {
    std::rethrow_exception(last.exception());
  } catch (const DependencyError& error) {
    CHECK(std::string(error.what()).size() < 200);
    CHECK(holds(error.what(), "first"));
    CHECK(holds(error.what(), "too far"));
    CHECK_THROWS_AS(std::rethrow_if_nested(error), std::out_of_range);
  }
  CHECK(pool.stats().failed == long_chain + 1);
}
