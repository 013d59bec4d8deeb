// SPDX-License-Identifier: MIT
// after_test.cpp - tasks that wait for others.
#include <unistd.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <procfarm/wait.hpp>

#include "farm.hpp"

using namespace farm;

namespace {

void fail() { throw std::out_of_range("too far"); }
void fail_after(const std::string& gate) {
  pass(gate);
  fail();
}

}  // namespace

TEST_CASE("a task starts when all it depends on have succeeded") {
  Journal journal;
  Gate gate;
  ProcessPoolExecutor pool(2);
  auto one = pool.submit<pass>(gate.path());
  auto other = pool.submit<note>(journal.path(), "other");
  auto last = pool.with({.after = {one, other}}).submit<note>(journal.path(), "last");
  other.result();
  CHECK_THROWS_AS(last.result(30ms), TimeoutError);
  CHECK_FALSE(last.running());
  gate.open();
  CHECK(last.result() == "last");
  CHECK(journal.lines() == std::vector<std::string>{"other", "last"});
}

TEST_CASE("what it depends on may be done already, and may be named twice") {
  ProcessPoolExecutor pool(1);
  auto done = pool.submit<doubled>(1);
  done.result();
  CHECK(pool.with({.after = {done, done}}).submit<doubled>(2).result() == 4);
}

TEST_CASE("a failed dependency fails the task, its error is nested") {
  Journal journal;
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto failing = pool.with({.name = "source"}).submit<fail_after>(gate.path());
  auto task =
      pool.with({.name = "dependent", .after = {failing}}).submit<note>(journal.path(), "ran");
  gate.open();
  const auto check = [&](const auto& future) {
    try {
      future.result();
      FAIL("it should have failed");
    } catch (const DependencyError& error) {
      CHECK(holds(error.what(), "too far"));
      CHECK(holds(error.what(), "source"));
      CHECK_THROWS_AS(std::rethrow_if_nested(error), std::out_of_range);
    }
  };
  check(task);
  CHECK(error_of<DependencyError>(task).task_name() == "dependent");
  CHECK(error_of<DependencyError>(task).task_id() == task.info().id);
  check(pool.with({.after = {failing}}).submit<doubled>(1));  // it has failed before the submit
  pool.shutdown();
  CHECK(journal.lines().empty());
}

TEST_CASE("a cancelled dependency fails the task") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto hold = pool.submit<pass>(gate.path());
  CHECK(eventually([&] { return hold.running(); }));
  auto cancelled = pool.submit<doubled>(1);
  auto task = pool.with({.after = {cancelled}}).submit<doubled>(2);
  CHECK(cancelled.cancel());
  try {
    task.result();
    FAIL("it should have failed");
  } catch (const DependencyError& error) {
    CHECK_THROWS_AS(std::rethrow_if_nested(error), CancelledError);
  }
  gate.open();
}

TEST_CASE("a lost dependency fails the task") {
  ProcessPoolExecutor pool(1);
  auto lost = pool.submit([] { ::_exit(3); });
  try {
    pool.with({.after = {lost}}).submit<doubled>(2).result();
    FAIL("it should have failed");
  } catch (const DependencyError& error) {
    CHECK_THROWS_AS(std::rethrow_if_nested(error), WorkerLost);
  }
}

TEST_CASE("a failure goes down a whole chain") {
  ProcessPoolExecutor pool(1);
  AnyFuture last = pool.submit<fail>();
  for (int i = 0; i < 50; ++i) last = pool.with({.after = {last}}).submit<doubled>(i);
  CHECK_THROWS_AS(std::rethrow_exception(last.exception()), DependencyError);
}

TEST_CASE("a chain of tasks runs link by link") {
  Journal journal;
  ProcessPoolExecutor pool(2);
  std::vector<AnyFuture> links;
  std::vector<std::string> expected;
  for (int i = 0; i < 50; ++i) {
    links.push_back(pool.with({.after = links}).submit<note>(journal.path(), std::to_string(i)));
    expected.push_back(std::to_string(i));
  }
  pool.shutdown();
  CHECK(journal.lines() == expected);
}

TEST_CASE("dependencies reach across executors") {
  Gate gate;
  ProcessPoolExecutor one(1);
  ProcessPoolExecutor other(1);
  auto first = one.submit<pass>(gate.path());
  auto second = other.with({.after = {first}}).submit<doubled>(3);
  CHECK_FALSE(second.done());
  gate.open();
  CHECK(second.result() == 6);
}

TEST_CASE("a task that waits for others can be cancelled, and shutdown waits for it otherwise") {
  Gate gate;
  ProcessPoolExecutor pool(2);
  auto hold = pool.submit<pass>(gate.path());
  auto cancelled = pool.with({.after = {hold}}).submit<doubled>(1);
  auto kept = pool.with({.after = {hold}}).submit<doubled>(2);
  CHECK(cancelled.cancel());
  pool.shutdown({.wait = false});
  gate.open();
  pool.shutdown();
  CHECK(kept.result() == 4);
  CHECK(cancelled.cancelled());
}

TEST_CASE("cancel_futures cancels those that wait for others") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto hold = pool.submit<pass>(gate.path());
  CHECK(eventually([&] { return hold.running(); }));
  auto waiting = pool.with({.after = {hold}}).submit<doubled>(1);
  pool.shutdown({.wait = false, .cancel_futures = true});
  CHECK_THROWS_AS(waiting.result(), CancelledError);
  gate.open();
}

TEST_CASE("a future of no task in `after` is refused, and nothing is left waiting for it") {
  ProcessPoolExecutor pool(1);
  CHECK_THROWS_AS(pool.with({.after = {AnyFuture{}}}).submit<doubled>(1), InvalidStateError);
  pool.shutdown();
  CHECK(pool.stats().pending == 0);
}
