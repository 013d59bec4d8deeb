// SPDX-License-Identifier: MIT
// workers.cpp - what concerns workers as processes: how long it takes to have a thousand, what two
// or a thousand cost while they are idle (the harness looks from outside), how soon a killed one is
// noticed, and what one that stands still does to the others' work.
#include <signal.h>

#include <memory>
#include <set>
#include <thread>

#include <procfarm/procfarm.hpp>

#include "../gate.hpp"
#include "../probe.hpp"
#include "../samples.hpp"

namespace {

using bench::Clock;
using bench::Reply;
using bench::Request;
using procfarm::ProcessPoolExecutor;

void wait_until(const std::function<bool()>& holds) {
  while (!holds()) std::this_thread::sleep_for(std::chrono::microseconds{200});
}

/// Starts so many workers, each of which has run a task then, and leaves them idle.
Reply start(std::unique_ptr<ProcessPoolExecutor>& pool, const Request& request) {
  const std::uint64_t workers = request.number("workers");
  pool.reset();
  bench::Gate gate;
  const auto begin = Clock::now();
  pool = std::make_unique<ProcessPoolExecutor>(static_cast<int>(workers));
  std::vector<procfarm::Future<std::uint64_t>> futures;
  for (std::uint64_t i = 0; i < workers; ++i)
    futures.push_back(pool->submit<bench::pass_gate>(gate.path()));
  wait_until([&] { return pool->stats().running == workers; });
  const double seconds = bench::seconds_since(begin);
  gate.open();
  std::uint64_t passed = 0;
  for (const auto& future : futures) passed += future.result();
  bench::check(passed == workers && pool->workers().size() == workers, "workers");
  return {{"seconds", seconds}, {"count", 1}};
}

Reply stop(std::unique_ptr<ProcessPoolExecutor>& pool) {
  return bench::timed(1, [&pool] { pool.reset(); });
}

std::uint64_t wait_once(const std::string& path) {
  return procfarm::this_task::attempt() > 1 ? 2 : bench::pass_gate(path);
}

/// Kills the worker of a running task while another worker is idle; returns when `ended(future)`
/// does, with the seconds that took.
template <class Ended>
double kill_one(ProcessPoolExecutor& pool, int attempts, Ended&& ended) {
  bench::Gate held;
  bench::Gate passed;
  const procfarm::RetryPolicy retry{.max_attempts = attempts, .on = procfarm::RetryOn::worker_lost};
  const auto future = pool.with({.retry = retry}).submit<wait_once>(held.path());
  const auto other = pool.submit<bench::pass_gate>(passed.path());
  wait_until([&] { return future.running() && other.running(); });
  passed.open();
  other.result();
  const auto begin = Clock::now();
  ::kill(future.info().pid, SIGKILL);
  ended(future);
  return bench::seconds_since(begin);
}

/// seconds: until the future of the task whose worker was killed has failed; requeued: until the
/// further attempt of such a task, on the worker that was idle, has come back.
Reply loss(const Request& request) {
  ProcessPoolExecutor pool(2);
  std::vector<double> noticed;
  std::vector<double> again;
  for (std::uint64_t i = 0; i < request.number("count"); ++i) {
    noticed.push_back(kill_one(pool, 1, [](const auto& future) {
      bench::check(future.exception() != nullptr, "a lost worker");
    }));
    again.push_back(kill_one(pool, 2, [](const auto& future) {
      bench::check(future.result() == 2, "a further attempt");
    }));
  }
  std::sort(noticed.begin(), noticed.end());
  std::sort(again.begin(), again.end());
  return {{"seconds", noticed[noticed.size() / 2]},
          {"requeued", again[again.size() / 2]},
          {"count", 1}};
}

std::uint64_t nap(std::uint64_t milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds});
  return 1;
}

/// Of four workers one stands still for a second, as soon as all work.
Reply straggler(const Request& request) {
  const std::uint64_t count = request.number("count");
  ProcessPoolExecutor pool(4);
  bench::Gate gate;
  std::vector<procfarm::Future<std::uint64_t>> futures;
  for (int i = 0; i < 4; ++i) futures.push_back(pool.submit<bench::pass_gate>(gate.path()));
  wait_until([&] { return pool.stats().running == 4; });
  gate.open();
  procfarm::wait(futures);
  futures.clear();
  const auto begin = Clock::now();
  for (std::uint64_t i = 0; i < count; ++i) futures.push_back(pool.submit<nap>(std::uint64_t{1}));
  wait_until([&] { return futures[count / 20].done(); });
  const int pid = pool.workers().front().pid;
  ::kill(pid, SIGSTOP);
  std::jthread waker([pid] {
    std::this_thread::sleep_for(std::chrono::seconds{1});
    ::kill(pid, SIGCONT);
  });
  std::uint64_t sum = 0;
  for (const auto& future : futures) sum += future.result();
  const double seconds = bench::seconds_since(begin);
  bench::check(sum == count, "a worker that stands still");
  return {{"seconds", seconds}, {"count", 1}};
}

}  // namespace

int main(int argc, char** argv) {
  procfarm::init(argc, argv);
  std::unique_ptr<ProcessPoolExecutor> pool;
  return bench::serve(argc, argv,
                      {{"start", [&pool](const Request& request) { return start(pool, request); }},
                       {"stop", [&pool](const Request&) { return stop(pool); }},
                       {"loss", loss},
                       {"straggler", straggler}});
}
