// SPDX-License-Identifier: MIT
// retry_test.cpp - further attempts, where they are asked for.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <procfarm/this_task.hpp>

#include "farm.hpp"

using namespace farm;

namespace {

/// Throws until attempt `good`; returns the number of that.
int throw_until(int good, const std::string& journal) {
  note(journal, std::to_string(this_task::attempt()));
  if (this_task::attempt() < good) {
    throw std::runtime_error("attempt " + std::to_string(this_task::attempt()));
  }
  return this_task::attempt();
}
int die_until(int good) {
  if (this_task::attempt() < good) ::raise(SIGKILL);
  return this_task::attempt();
}
int hang_until(int good, const std::string& journal) {
  if (this_task::attempt() < good) run_for_ever(journal);
  return this_task::attempt();
}
struct Undecodable {};
int never_called(const Undecodable&) { return 1; }

RetryPolicy attempts(int count) { return {.max_attempts = count}; }

}  // namespace

template <>
struct procfarm::codec<Undecodable> {
  static void encode(Writer& writer, const Undecodable&) { codec<int>::encode(writer, 1); }
  static Undecodable decode(Reader&) { throw std::runtime_error("undecodable"); }
};

TEST_CASE("an attempt is made once, unless more are asked for") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<throw_until>(2, journal.path());
  CHECK(std::string(error_of<std::runtime_error>(future).what()) == "attempt 1");
  CHECK(journal.lines() == std::vector<std::string>{"1"});
}

TEST_CASE("attempts are numbered from 1, and the task knows the number") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto future = pool.with({.retry = attempts(5)}).submit<throw_until>(3, journal.path());
  CHECK(future.result() == 3);
  CHECK(future.info().attempts == 3);
  CHECK(journal.lines() == std::vector<std::string>{"1", "2", "3"});
  CHECK(pool.stats().done == 1);
  CHECK(pool.stats().failed == 0);
}

TEST_CASE("when all attempts are used up the last error is told, with their number") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto future = pool.with({.retry = attempts(3)}).submit<throw_until>(9, journal.path());
  CHECK(std::string(error_of<std::runtime_error>(future).what()) == "attempt 3");
  CHECK(future.info().attempts == 3);
  CHECK(journal.lines().size() == 3);
}

TEST_CASE("a lost worker is a reason for a further attempt") {
  ProcessPoolExecutor pool(1);
  auto future = pool.with({.retry = attempts(3)}).submit<die_until>(3);
  CHECK(future.result() == 3);
  auto hopeless = pool.with({.retry = attempts(2)}).submit<die_until>(9);
  CHECK(error_of<WorkerLost>(hopeless).attempt() == 2);
  CHECK(pool.stats().workers_lost == 4);
}

TEST_CASE("a time-out is a reason for a further attempt") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto future = pool.with({.timeout = 1s, .grace = 1ms, .retry = attempts(2)})
                    .submit<hang_until>(2, journal.path());
  CHECK(future.result() == 2);
}

TEST_CASE("only what the policy names is a reason") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  const auto with = [&](RetryOn on) {
    return pool.with({.timeout = 1s, .grace = 1ms, .retry = {.max_attempts = 2, .on = on}});
  };
  auto thrown =
      with(RetryOn::worker_lost | RetryOn::timeout).submit<throw_until>(2, journal.path());
  CHECK(std::string(error_of<std::runtime_error>(thrown).what()) == "attempt 1");
  auto lost = with(RetryOn::exception | RetryOn::timeout).submit<die_until>(2);
  CHECK(error_of<WorkerLost>(lost).attempt() == 1);
  auto late = with(RetryOn::exception | RetryOn::worker_lost).submit<hang_until>(2, journal.path());
  CHECK(error_of<TaskTimeout>(late).attempt() == 1);

  CHECK(with(RetryOn::exception).submit<throw_until>(2, journal.path()).result() == 2);
  CHECK(with(RetryOn::worker_lost).submit<die_until>(2).result() == 2);
  CHECK(with(RetryOn::timeout).submit<hang_until>(2, journal.path()).result() == 2);
}

TEST_CASE("what cannot be decoded is not tried again") {
  ProcessPoolExecutor pool(1);
  auto future = pool.with({.retry = attempts(5)}).submit<never_called>(Undecodable{});
  CHECK(error_of<SerializationError>(future).stage() == "decode arguments");
  CHECK(future.info().attempts == 1);
}

TEST_CASE("the delay grows by backoff, up to max_delay") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  const RetryPolicy policy{.max_attempts = 4, .delay = 20ms, .backoff = 10, .max_delay = 60ms};
  const auto start = std::chrono::steady_clock::now();
  auto future = pool.with({.retry = policy}).submit<throw_until>(4, journal.path());
  CHECK(future.result() == 4);
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(took >= 140ms);  // 20 + 60 + 60
  CHECK(took < 2s + 20ms + 200ms + 2000ms);
}

TEST_CASE("during its delay a task is pending, and can be cancelled") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto future = pool.with({.retry = {.max_attempts = 2, .delay = 1h, .max_delay = 1h}})
                    .submit<throw_until>(2, journal.path());
  CHECK(eventually([&] { return future.info().attempts == 1 && !future.running(); }));
  CHECK_FALSE(future.done());
  CHECK(pool.submit<doubled>(1).result() == 2);  // nobody else is delayed
  CHECK(future.cancel());
  CHECK_THROWS_AS(future.result(), CancelledError);
  pool.shutdown();
  CHECK(journal.lines().size() == 1);
}

TEST_CASE("a cancelled task gets no further attempt") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto future =
      pool.with({.grace = 1ms, .retry = attempts(5)}).submit<run_for_ever>(journal.path());
  journal.await(1);
  CHECK(future.cancel(cancel_running));
  CHECK_THROWS_AS(future.result(), CancelledError);
  pool.shutdown();
  CHECK(journal.lines().size() == 1);
}

TEST_CASE("callbacks and waiters hear only of the last attempt") {
  Journal journal;
  std::vector<int> seen;
  ProcessPoolExecutor pool(1);
  auto future = pool.with({.retry = {.max_attempts = 3, .delay = 5ms}})
                    .submit<throw_until>(3, journal.path());
  future.add_done_callback([&seen](const Future<int>& done) { seen.push_back(done.result()); });
  pool.shutdown();
  CHECK(seen == std::vector<int>{3});
}
