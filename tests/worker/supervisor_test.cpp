// SPDX-License-Identifier: MIT
// supervisor_test.cpp - a supervisor driven by hand: how it starts, orders and reports, and that
// nothing survives what should end it.
#include <doctest/doctest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <procfarm/this_task.hpp>
#include <procfarm/wire/failure.hpp>
#include <procfarm/wire/packet.hpp>

#include "farm_fixture.hpp"
#include "support/process_tree.hpp"

using namespace support;
using namespace std::chrono_literals;

namespace {

int doubled(int value) { return 2 * value; }
int always_throws() { throw std::out_of_range("too far"); }
void dies() { ::raise(SIGUSR1); }
void exits() { std::exit(5); }
void leaves_main_thread() { ::pthread_exit(nullptr); }

/// Starts a process in a session of its own that has lost its parent; returns its pid.
int daemonize() {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) return -1;
  const pid_t middle = ::fork();
  if (middle == 0) {
    ::setsid();
    const pid_t daemon = ::fork();
    if (daemon == 0) {
      ::signal(SIGTERM, SIG_IGN);
      for (;;) ::pause();
    }
    if (::write(pipe_ends[1], &daemon, sizeof daemon) < 0) ::_exit(1);
    ::_exit(0);
  }
  pid_t daemon = 0;
  ::waitpid(middle, nullptr, 0);
  if (::read(pipe_ends[0], &daemon, sizeof daemon) < 0) return -1;
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
  return daemon;
}

/// Forks again and again, a moving target.
int restless() {
  const int daemon = daemonize();
  if (::fork() == 0) {
    ::setsid();
    for (;;) {
      if (::fork() != 0) ::_exit(0);
      ::usleep(300);
    }
  }
  return daemon;
}

bool waits_for_stop() {
  while (!procfarm::this_task::stop_requested()) std::this_thread::sleep_for(1ms);
  return true;
}

bool is_gone(pid_t pid) { return ::kill(pid, 0) != 0; }

bool all_gone(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) {
    if (!is_gone(pid) && support::describe_process(pid).find("[Z]") == std::string::npos)
      return false;
  }
  return true;
}

}  // namespace

TEST_CASE("how a worker ends is reported, and a new life of its seat can follow") {
  HandMadeFarm farm(usual_method());
  farm.seat_worker(0);
  farm.await_ready();
  farm.run({call<&dies>()});
  auto report = farm.report(wire::Report::Kind::exited);
  CHECK(WTERMSIG(report.status) == SIGUSR1);
  CHECK(report.life == farm.life());
  CHECK(report.peak_memory > 0);

  farm.seat_worker(1);
  farm.await_ready();
  farm.run({call<&exits>()});
  CHECK(WEXITSTATUS(farm.report(wire::Report::Kind::exited).status) == 5);

  farm.seat_worker(2);
  farm.await_ready();
  farm.run({call<&leaves_main_thread>()});
  CHECK(WTERMSIG(farm.report(wire::Report::Kind::exited).status) == SIGABRT);
}

TEST_CASE("the death of a worker is the death of the daemons that its tasks have started") {
  HandMadeFarm farm(usual_method());
  farm.seat_worker();
  farm.await_ready();
  farm.run({call<&restless>()});
  const pid_t daemon = value_of<int>(farm.result());
  CHECK_FALSE(is_gone(daemon));
  const auto tree = support::tree_of(farm.worker_pid());
  ::kill(farm.worker_pid(), SIGKILL);
  CHECK(WTERMSIG(farm.report(wire::Report::Kind::exited).status) == SIGKILL);
  CHECK(all_gone(tree));
  CHECK(all_gone({daemon}));
}

TEST_CASE("a kill order ends a worker with its whole tree") {
  HandMadeFarm farm(usual_method());
  farm.seat_worker();
  farm.await_ready();
  farm.run({call<&restless>()});
  const pid_t daemon = value_of<int>(farm.result());
  farm.supervisor.kill(farm.life());
  CHECK(WTERMSIG(farm.report(wire::Report::Kind::exited).status) == SIGKILL);
  CHECK(all_gone({daemon, farm.worker_pid()}));
  farm.supervisor.kill(farm.life());  // of nobody: no harm
  farm.seat_worker(1);
  farm.await_ready();
}

TEST_CASE("closing the socket ends everything") {
  for (const auto method : start_methods()) {
    HandMadeFarm farm(method);
    farm.seat_worker();
    farm.await_ready();
    farm.run({call<&restless>()});
    const pid_t daemon = value_of<int>(farm.result());
    const auto tree = support::tree_of(farm.supervisor.pid());
    CHECK(tree.size() >= 3);
    farm.supervisor.close_and_wait(10s);
    CHECK(all_gone(tree));
    CHECK(all_gone({daemon}));
  }
}

TEST_CASE("a killed supervisor takes its workers along") {
  HandMadeFarm farm(usual_method());
  farm.seat_worker();
  farm.await_ready();
  farm.run({call<&daemonize>()});
  const pid_t daemon = value_of<int>(farm.result());
  const pid_t worker = farm.worker_pid();
  ::kill(farm.supervisor.pid(), SIGKILL);
  CHECK(support::eventually([&] { return all_gone({worker, daemon}); }));
  CHECK(support::eventually([&] { return !farm.supervisor.receive() && farm.supervisor.gone(); }));
}

// The coordinator is forked from this process, and has threads: ThreadSanitizer cannot follow.
TEST_CASE("a killed coordinator leaves nothing behind, daemons included" *
          doctest::skip(address_sanitizer || thread_sanitizer)) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  std::fflush(stdout);
  const pid_t coordinator = ::fork();
  if (coordinator == 0) {
    HandMadeFarm farm(usual_method());
    farm.seat_worker();
    farm.await_ready();
    farm.run({call<&restless>(), call<&waits_for_stop>()});
    const pid_t pids[] = {value_of<int>(farm.result()), farm.worker_pid(), farm.supervisor.pid()};
    if (::write(ends[1], pids, sizeof pids) < 0) ::_exit(1);
    for (;;) ::pause();
  }
  pid_t pids[3]{};
  CHECK(::read(ends[0], pids, sizeof pids) == sizeof pids);
  const auto tree = support::tree_of(pids[2]);
  CHECK(tree.size() >= 3);
  ::kill(coordinator, SIGKILL);
  ::waitpid(coordinator, nullptr, 0);
  CHECK(support::eventually([&] {
    return all_gone(tree) && all_gone({pids[0], pids[1], pids[2]});
  }));
  ::close(ends[0]);
  ::close(ends[1]);
  WorkerSocket().sweep();  // the directory of the one that was killed
}

TEST_CASE("a signal order reaches the worker, SIGTERM ends it") {
  HandMadeFarm farm(usual_method());
  farm.seat_worker();
  farm.await_ready();
  farm.supervisor.signal_all(SIGTERM);
  CHECK(WTERMSIG(farm.report(wire::Report::Kind::exited).status) == SIGTERM);
}

TEST_CASE("suspended workers stand still until they are resumed") {
  HandMadeFarm farm(usual_method());
  farm.seat_worker();
  farm.await_ready();
  farm.supervisor.suspend();
  CHECK(support::eventually([&] {
    return support::describe_process(farm.worker_pid()).find("[T]") != std::string::npos;
  }));
  farm.supervisor.resume();
  farm.run({call<&doubled>(3)});
  CHECK(value_of<int>(farm.result()) == 6);
}

TEST_CASE("an initializer that throws is told, and its worker leaves") {
  HandMadeFarm farm(usual_method(), call<&always_throws>());
  farm.seat_worker();
  const auto failed = farm.expect<wire::Failed>();
  const auto failure = wire::decode_failure(failed.failure.data(), failed.failure.size());
  CHECK(wire::summary(failure).find("too far") != std::string::npos);
  CHECK(WEXITSTATUS(farm.report(wire::Report::Kind::exited).status) == 1);
}

TEST_CASE("a preload that throws is told") {
  for (const auto method : start_methods()) {
    if (method == by_spawn) continue;
    HandMadeFarm throws(method, {}, call<&always_throws>());
    CHECK(std::string(throws.report(wire::Report::Kind::preload_failed).text).find("too far") !=
          std::string::npos);
  }
}

TEST_CASE("a preload that leaves threads behind is told" * doctest::skip(thread_sanitizer)) {
  for (const auto method : start_methods()) {
    if (method == by_spawn) continue;
    HandMadeFarm leaves(method, {}, call([] { std::thread([] { ::pause(); }).detach(); }));
    CHECK(std::string(leaves.report(wire::Report::Kind::preload_failed).text) ==
          "preload left threads behind: 1");
  }
}
