// SPDX-License-Identifier: MIT
// kill_chaos_test.cpp - workers are killed at random while they work: every task is settled once,
// with its own value, and was executed once more only if the worker was killed under it.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "chaos/chaos.hpp"
#include "support/process_tree.hpp"

using namespace chaos;

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto between_kills = 50ms;
constexpr int most_attempts = 20;

/// Kills a worker, chosen at random, every 50 ms.
class Killer {
 public:
  explicit Killer(const ProcessPoolExecutor& pool) : pool_(pool) {}
  int stop() {
    thread_ = {};
    return kills_;
  }

 private:
  void run(const std::stop_token& stopped) {
    std::mt19937_64 random(seed());
    for (auto due = Clock::now() + between_kills; !stopped.stop_requested(); due += between_kills) {
      std::this_thread::sleep_until(due);
      auto workers = pool_.workers();
      // Deaths before a first task are something else: five in a row break the pool.
      std::erase_if(workers, [](const WorkerInfo& worker) { return !worker.busy; });
      if (workers.empty()) continue;
      const int pid = workers[random() % workers.size()].pid;
      if (pid > 0 && ::kill(pid, SIGKILL) == 0) ++kills_;
    }
  }

  const ProcessPoolExecutor& pool_;
  std::atomic<int> kills_{0};
  std::jthread thread_{[this](const std::stop_token& stopped) { run(stopped); }};
};

struct Course {
  double seconds = 0;
  int kills = 0;
  std::size_t executions = 0;
};

void check_executions(const Witness& witness, const std::vector<Future<std::uint64_t>>& futures,
                      Course& course) {
  const auto executions = witness.executions(futures.size());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < futures.size(); ++i) {
    auto attempts = executions[i];
    course.executions += attempts.size();
    std::sort(attempts.begin(), attempts.end());
    const bool twice = std::adjacent_find(attempts.begin(), attempts.end()) != attempts.end();
    // An attempt may be killed before it leaves its line; the last one has succeeded.
    if (twice || attempts.empty() || attempts.back() != futures[i].info().attempts) ++wrong;
  }
  CHECK(wrong == 0);
}

/// Each task has its value, and its callback was called once.
void check_outcomes(const std::vector<Future<std::uint64_t>>& futures,
                    const std::vector<std::atomic<int>>& calls) {
  std::size_t wrong = 0;
  std::size_t not_once = 0;
  for (std::size_t i = 0; i < futures.size(); ++i) {
    if (futures[i].exception() != nullptr || futures[i].result() != value_of(i)) ++wrong;
    if (calls[i] != 1) ++not_once;
  }
  CHECK(wrong == 0);
  CHECK(not_once == 0);
}

Course run(std::size_t tasks, bool with_kills) {
  Witness witness;
  Course course;
  std::mt19937_64 random(seed() + 1);
  ProcessPoolExecutor pool(2);
  auto submitter = pool.with({.retry = {.max_attempts = most_attempts}});
  std::vector<std::atomic<int>> calls(tasks);
  std::vector<Future<std::uint64_t>> futures;
  const auto began = Clock::now();
  std::unique_ptr<Killer> killer;
  if (with_kills) killer = std::make_unique<Killer>(pool);
  for (std::size_t i = 0; i < tasks; ++i) {
    const auto busy_us = static_cast<unsigned>(random() % 200);
    futures.push_back(submitter.submit<witnessed>(witness.path(), i, busy_us));
    futures.back().add_done_callback([&calls, i](const auto&) { ++calls[i]; });
  }
  for (const auto& future : futures) (void)future.exception();
  course.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  if (killer) course.kills = killer->stop();
  pool.shutdown();  // with its callbacks
  check_outcomes(futures, calls);
  check_executions(witness, futures, course);
  const PoolStats stats = pool.stats();
  CHECK(stats.done == tasks);
  CHECK(stats.failed + stats.cancelled + stats.pending + stats.running == 0);
  CHECK(stats.late_results == 0);
  CHECK(support::children_of(::getpid()).empty());
  return course;
}

}  // namespace

TEST_CASE("chaos: a worker is killed every 50 ms, and no task is lost, doubled or wrong" *
          doctest::timeout(900)) {
  const std::size_t tasks = task_count(8000);
  run(100, false);  // what the first executor of a process opens stays open
  const std::size_t descriptors = open_descriptors();
  const Course calm = run(tasks, false);
  CHECK(calm.executions == tasks);
  const Course wild = run(tasks, true);
  CHECK(wild.kills > 0);
  CHECK(wild.executions <= tasks + static_cast<std::size_t>(wild.kills));
  CHECK(open_descriptors() == descriptors);
  tell(fmt::format(
      "chaos: seed {}, {} tasks: {:.2f} s without kills; {:.2f} s with {} kills, {} "
      "executions: {:.1f} ms for each kill, {:.1f} % in all",
      seed(), tasks, calm.seconds, wild.seconds, wild.kills, wild.executions,
      1e3 * (wild.seconds - calm.seconds) / wild.kills, 100 * (wild.seconds / calm.seconds - 1)));
}
