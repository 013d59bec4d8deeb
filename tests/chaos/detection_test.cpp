// SPDX-License-Identifier: MIT
// detection_test.cpp - how long it takes until a death is known, and until nothing is left of those
// that depended on the dead. The bounds are those promised; the figures are printed.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <sstream>

#include <fmt/format.h>

#include "chaos/chaos.hpp"
#include "support/process_tree.hpp"
#include "system/program.hpp"

using namespace chaos;

namespace {

using Clock = std::chrono::steady_clock;

constexpr double death_is_known_ms = 100;
constexpr double all_are_gone_ms = 2000;

double since(Clock::time_point began) {
  return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

void tell_quantiles(const std::string& what, const std::vector<double>& samples) {
  tell(fmt::format("detection: {}: p50 {:.2f} ms, p99 {:.2f} ms of {}", what,
                   quantile(samples, 0.5), quantile(samples, 0.99), samples.size()));
}

int note_pid_and_wait(const std::string& journal) {
  note(journal, std::to_string(::getpid()));
  for (;;) ::pause();
}

/// Two workers with a child each and a daemon: ends when all of it runs.
void start_family(ProcessPoolExecutor& pool, const Journal& daemons, const Journal& journal) {
  pool.submit<leave_daemon>(daemons.path()).result();
  for (int i = 0; i < 2; ++i) {
    pool.submit(
        [](const std::string& path) {
          if (::fork() == 0) run_for_ever(path);
          run_for_ever(path);
        },
        journal.path());
  }
  journal.await(4);
}

/// Milliseconds until none of `pids` lives.
double until_gone(const std::vector<pid_t>& pids, Clock::time_point began) {
  CHECK(eventually([&] { return std::none_of(pids.begin(), pids.end(), alive); }));
  return since(began);
}

}  // namespace

TEST_CASE("chaos: the death of a worker is known at once") {
  const std::size_t rounds = task_count(30) >= 1000 ? 300 : 30;
  ProcessPoolExecutor pool(2);
  std::vector<double> settled;
  std::vector<double> again;
  for (std::size_t i = 0; i < rounds; ++i) {
    Journal journal;
    auto future = pool.submit<note_pid_and_wait>(journal.path());
    const pid_t first = pids_in(journal, 1).at(0);
    auto began = Clock::now();
    ::kill(first, SIGKILL);
    (void)future.exception();
    settled.push_back(since(began));

    Journal attempts;
    auto retried =
        pool.with({.retry = {.max_attempts = 2}}).submit<note_pid_and_wait>(attempts.path());
    const pid_t second = pids_in(attempts, 1).at(0);
    began = Clock::now();
    ::kill(second, SIGKILL);
    CHECK(eventually([&] { return retried.info().attempts == 2; }));
    again.push_back(since(began));
    retried.cancel(cancel_running);
    attempts.await(2);
    ::kill(pids_in(attempts, 2).at(1), SIGKILL);
    CHECK_THROWS(retried.result());
  }
  tell_quantiles("a worker is killed, its task settled", settled);
  tell_quantiles("a worker is killed, its task begun again", again);
  CHECK(quantile(settled, 0.5) < death_is_known_ms);
}

TEST_CASE("[program] a coordinator with a family" * doctest::skip()) {
  share_directory();
  Journal daemons, journal;
  ProcessPoolExecutor pool(2);
  start_family(pool, daemons, journal);
  std::string tree;
  for (const pid_t pid : support::tree_of(::getpid())) {
    if (pid != ::getpid()) tree += std::to_string(pid) + " ";
  }
  ::unlink(daemons.path().c_str());
  ::unlink(journal.path().c_str());
  note(handed("JOURNAL"), tree);
  for (;;) ::pause();
}

TEST_CASE("chaos: two seconds after the coordinator was killed nothing of it lives") {
  const int rounds = task_count(3) >= 1000 ? 30 : 3;
  std::vector<double> gone;
  for (int i = 0; i < rounds; ++i) {
    Journal journal;
    Program program("[program] a coordinator with a family", {{"JOURNAL", journal.path()}});
    std::vector<pid_t> pids;
    std::istringstream numbers(journal.await(1).at(0));
    for (pid_t pid = 0; numbers >> pid;) pids.push_back(pid);
    REQUIRE(pids.size() == 6);  // supervisor, two workers, two children, a daemon
    const auto began = Clock::now();
    program.kill(SIGKILL);
    gone.push_back(until_gone(pids, began));
    program.wait();
  }
  tell_quantiles("the coordinator is killed, nothing lives", gone);
  CHECK(quantile(gone, 1) < all_are_gone_ms);
  ProcessPoolExecutor next(1);  // cleans up the files of those that were killed
  CHECK(next.submit<doubled>(1).result() == 2);
}

TEST_CASE("chaos: two seconds after the supervisor was killed nothing of it lives") {
  const int rounds = task_count(3) >= 1000 ? 30 : 3;
  std::vector<double> gone;
  for (int i = 0; i < rounds; ++i) {
    Journal daemons, journal;
    ProcessPoolExecutor pool(2);
    start_family(pool, daemons, journal);
    auto tree = support::tree_of(::getpid());
    tree.erase(tree.begin());
    REQUIRE(tree.size() == 6);
    const auto began = Clock::now();
    ::kill(tree.front(), SIGKILL);
    gone.push_back(until_gone(tree, began));
  }
  tell_quantiles("the supervisor is killed, nothing lives", gone);
  CHECK(quantile(gone, 1) < all_are_gone_ms);
}
