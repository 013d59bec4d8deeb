// SPDX-License-Identifier: MIT
// loss_test.cpp - what others notice when a worker dies: nothing. Only the task that it was running
// is lost; finished results arrive, waiting tasks go on elsewhere, payloads of any size included.
#include <signal.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include <procfarm/this_task.hpp>
#include <procfarm/wait.hpp>

#include "deaths.hpp"

using namespace farm;

namespace {

constexpr std::size_t more_than_any_buffer = 9 << 20;

std::size_t crash_with_payload(const std::string& payload, Way way) {
  go(way);
  return payload.size();
}
std::string big_result(Way way) {
  go(way);
  return std::string(more_than_any_buffer, 'r');
}
int attempt_of(int) { return this_task::attempt(); }
int crash_after(const std::string& gate, Way way) {
  pass(gate);
  go(way);
  return 1;
}

}  // namespace

TEST_CASE("the death of one worker leaves the task of its neighbour alone") {
  Journal journal;
  Gate gate;
  ProcessPoolExecutor pool(2);
  auto neighbour = pool.submit<note_and_pass>(journal.path(), gate.path(), 5);
  journal.await(1);
  check_lost(pool.submit<crash_running>(Way::killed), {Way::killed, SIGKILL, -1});
  CHECK(neighbour.running());
  gate.open();
  CHECK(neighbour.result() == 5);
  CHECK(neighbour.info().attempts == 1);
}

TEST_CASE(
    "only the running task is lost: finished ones are delivered, the others cost no attempt") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  std::vector<Future<int>> warm_up;
  for (int i = 0; i < 500; ++i) warm_up.push_back(pool.submit<attempt_of>(i));
  for (const auto& future : warm_up) CHECK(future.result() == 1);

  auto hold = pool.submit<pass>(gate.path());
  std::vector<Future<int>> before, after;
  for (int i = 0; i < 100; ++i) before.push_back(pool.submit<attempt_of>(i));
  auto killer = pool.submit<crash_running>(Way::killed);
  for (int i = 0; i < 100; ++i) after.push_back(pool.submit<attempt_of>(i));
  gate.open();

  const int first_worker = hold.result();
  check_lost(killer, {Way::killed, SIGKILL, -1});
  for (const auto& future : before) CHECK(future.result() == 1);
  for (const auto& future : after) {
    CHECK(future.result() == 1);
    CHECK(future.info().attempts == 1);
    CHECK(future.info().pid != first_worker);
  }
  CHECK(pool.stats().workers_lost == 1);
  CHECK(pool.stats().failed == 1);
}

TEST_CASE("deaths during tasks never break the executor, however many") {
  ProcessPoolExecutor pool(2);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 30; ++i) {
    futures.push_back(pool.submit<crash_running>(i % 2 == 0 ? Way::killed : Way::exits_0));
  }
  for (const auto& future : futures) error_of<WorkerLost>(future);
  CHECK(pool.submit<doubled>(1).result() == 2);
}

TEST_CASE("crashes with arguments larger than any buffer") {
  ProcessPoolExecutor pool(2);
  const std::string payload(more_than_any_buffer, 'a');
  auto good = pool.submit<crash_with_payload>(payload, Way::none);
  auto thrown = pool.submit<crash_with_payload>(payload, Way::throws);
  auto killed = pool.submit<crash_with_payload>(payload, Way::killed);
  auto exited = pool.submit<crash_with_payload>(payload, Way::exits_7);
  auto later = pool.submit<crash_with_payload>(payload, Way::none);
  CHECK(good.result() == payload.size());
  error_of<std::runtime_error>(thrown);
  check_lost(killed, {Way::killed, SIGKILL, -1});
  check_lost(exited, {Way::exits_7, 0, 7});
  CHECK(later.result() == payload.size());
}

TEST_CASE("crashes beside results larger than any buffer") {
  ProcessPoolExecutor pool(1);
  std::vector<Future<std::string>> futures;
  for (const Way way : {Way::none, Way::killed, Way::none, Way::throws, Way::exits_0, Way::none}) {
    futures.push_back(pool.submit<big_result>(way));
  }
  for (const std::size_t good : {0U, 2U, 5U}) {
    CHECK(futures[good].result() == std::string(more_than_any_buffer, 'r'));
  }
  check_lost(futures[1], {Way::killed, SIGKILL, -1});
  error_of<std::runtime_error>(futures[3]);
  check_lost(futures[4], {Way::exits_0, 0, 0});
}

TEST_CASE(
    "a worker killed while it hands over a large result: all of it is delivered, or nothing") {
  ProcessPoolExecutor pool(1);
  for (int round = 0; round < 12; ++round) {
    const int worker = pool.submit<process_id>().result();
    auto future = pool.submit<big_result>(Way::none);
    CHECK(eventually([&] { return future.running() || future.done(); }));
    const auto pause = std::chrono::steady_clock::now() + round * 1ms;
    while (std::chrono::steady_clock::now() < pause) {
    }
    ::kill(worker, SIGKILL);
    try {
      const std::string text = future.result();
      CHECK(text == std::string(more_than_any_buffer, 'r'));
    } catch (const WorkerLost& lost) {
      CHECK(lost.signal() == SIGKILL);
    }
  }
}

TEST_CASE("a crash in the middle of a map with big items ends it there, after all results before") {
  ProcessPoolExecutor pool(2);
  const std::vector<std::string> payloads(5, std::string(more_than_any_buffer, 'm'));
  const std::vector<Way> ways = {Way::none, Way::none, Way::killed, Way::none, Way::none};
  std::size_t delivered = 0;
  const auto read_all = [&] {
    for (const std::size_t size : pool.map<crash_with_payload>(payloads, ways)) {
      CHECK(size == more_than_any_buffer);
      ++delivered;
    }
  };
  CHECK_THROWS_AS(read_all(), WorkerLost);
  CHECK(delivered == 2);
  CHECK(pool.submit<doubled>(21).result() == 42);
}

TEST_CASE("an idle worker is killed: nobody is harmed, the next task gets a new one") {
  ProcessPoolExecutor pool(1);
  const int first = pool.submit<process_id>().result();
  ::kill(first, SIGKILL);
  CHECK(ends(first));
  const int second = pool.submit<process_id>().result();
  CHECK(second != first);
  CHECK(pool.stats().failed == 0);
}

TEST_CASE("workers are killed all the time: with retries each task still comes back right, once" *
          doctest::timeout(900)) {
  ProcessPoolExecutor pool(2);
  auto patient = pool.with({.retry = {.max_attempts = 1000, .on = RetryOn::worker_lost}});
  std::vector<Future<int>> futures;
  for (int i = 0; i < 20'000; ++i) futures.push_back(patient.submit<doubled>(i));
  for (int kills = 0; kills < 25 && !futures.back().done(); ++kills) {
    for (const WorkerInfo& worker : pool.workers()) {
      // Deaths before a first task are another matter: five of them break the executor.
      if (worker.tasks_done > 0 && worker.pid % 2 == kills % 2) ::kill(worker.pid, SIGKILL);
    }
    wait(std::vector{futures.back()}, 5ms);
  }
  int wrong = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (futures[static_cast<std::size_t>(i)].result() != 2 * i) ++wrong;
  }
  CHECK(wrong == 0);
  CHECK(pool.stats().done == 20'000);
  CHECK(pool.stats().failed == 0);
}

TEST_CASE("a worker killed from outside in mid-task is lost; so is one that gets SIGTERM") {
  ProcessPoolExecutor pool(1);
  for (const int signal : {SIGKILL, SIGTERM}) {
    Journal journal;
    Gate gate;
    auto future = pool.submit<note_and_pass>(journal.path(), gate.path(), 1);
    ::kill(pids_in(journal, 1).at(0), signal);
    CHECK(error_of<WorkerLost>(future).signal() == signal);
  }
}

TEST_CASE("workers that die during shutdown: it returns, everything is settled") {
  for (const Death& death : deaths) {
    CAPTURE(static_cast<int>(death.way));
    Gate gate;
    ProcessPoolExecutor pool(2);
    std::vector<Future<int>> dying;
    for (int i = 0; i < 4; ++i) dying.push_back(pool.submit<crash_after>(gate.path(), death.way));
    auto last = pool.submit<doubled>(4);
    pool.shutdown({.wait = false});
    gate.open();
    pool.shutdown();
    for (const auto& future : dying) {
      CHECK(future.done());
      check_lost(future, death);
    }
    CHECK(last.result() == 8);
  }
}
