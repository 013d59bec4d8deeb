// SPDX-License-Identifier: MIT
// command_test.cpp - run_command as a task.
#include <signal.h>
#include <sys/utsname.h>

#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <procfarm/command.hpp>
#include <procfarm/thread_pool_executor.hpp>

#include "farm.hpp"

using namespace farm;

namespace {

CommandResult result_of(ProcessPoolExecutor& pool, const Command& command) {
  return pool.submit<run_command>(command).result();
}

/// Since Linux 6.15, where the pidfd comes with the process: with sanitizers it may come too late.
bool pidfds_tell_ends() {
  if (support::address_sanitizer || support::thread_sanitizer) return false;
  utsname system{};
  ::uname(&system);
  std::istringstream release(system.release);
  int major = 0, minor = 0;
  release >> major;
  release.ignore() >> minor;
  return std::pair(major, minor) >= std::pair(6, 15);
}

}  // namespace

TEST_CASE("a command runs in a worker; its output and figures come back") {
  ProcessPoolExecutor pool(1);
  const auto result = result_of(pool, {.argv = {"printf", "%s-%s", "a b", "$HOME"}});
  CHECK(result.exit_code == 0);
  CHECK(result.signal == 0);
  CHECK(result.out == "a b-$HOME");
  CHECK(result.err.empty());
  CHECK(result.peak_memory > 0);
}

TEST_CASE("a shell line has its arguments, its environment, its directory and its input") {
  ProcessPoolExecutor pool(1);
  const auto result = result_of(pool, {.shell = "cat; printf '%s|%s|' \"$1\" \"$COLOUR\"; pwd >&2",
                                       .shell_arguments = {"one two"},
                                       .env = {{"COLOUR", "green"}},
                                       .cwd = "/usr",
                                       .stdin_text = "input;"});
  CHECK(result.exit_code == 0);
  CHECK(result.out == "input;one two|green|");
  CHECK(result.err == "/usr\n");
}

TEST_CASE("exit codes, signals and programs that are not there are results, not errors") {
  ProcessPoolExecutor pool(1);
  CHECK(result_of(pool, {.shell = "exit 7"}).exit_code == 7);
  const auto killed = result_of(pool, {.shell = "kill -SEGV $$"});
  CHECK(killed.signal == SIGSEGV);
  CHECK(killed.exit_code == -1);
  const auto missing = result_of(pool, {.argv = {"no-such-program-anywhere"}});
  CHECK(missing.exit_code == 127);
  CHECK(holds(missing.err, "no-such-program-anywhere"));
}

TEST_CASE("a command that says nothing or too much is refused") {
  ProcessPoolExecutor pool(1);
  CHECK_THROWS_AS(result_of(pool, {}), std::invalid_argument);
  CHECK_THROWS_AS(result_of(pool, {.argv = {"true"}, .shell = "true"}), std::invalid_argument);
}

TEST_CASE("large output is captured whole") {
  ProcessPoolExecutor pool(1);
  const auto result =
      result_of(pool, {.shell = "head -c 5000000 /dev/zero; head -c 1000000 /dev/zero >&2"});
  CHECK(result.out.size() == 5'000'000);
  CHECK(result.err.size() == 1'000'000);
}

TEST_CASE("a command's own time limit ends it and all it has started; the task succeeds") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  const auto result = result_of(
      pool,
      {.shell = "trap '' TERM; sleep 1000 & echo $! >> \"$1\"; echo $$ >> \"$1\"; wait; sleep 1000",
       .shell_arguments = {journal.path()},
       .timeout = 300ms,
       .grace = 20ms});
  CHECK(result.timed_out);
  CHECK(result.signal == SIGKILL);
  for (const pid_t pid : pids_in(journal, 2)) CHECK(ends(pid));
}

TEST_CASE("the task's time limit ends the command as well") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto future = pool.with({.timeout = 300ms, .grace = 50ms})
                    .submit<run_command>(Command{.shell = "echo $$ >> \"$1\"; sleep 1000; :",
                                                 .shell_arguments = {journal.path()}});
  error_of<TaskTimeout>(future);
  for (const pid_t pid : pids_in(journal, 1)) CHECK(ends(pid));
  CHECK(pool.submit<doubled>(1).result() == 2);
}

TEST_CASE("cancel_running ends the command by SIGTERM, the worker lives on") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  const int worker = pool.submit<process_id>().result();
  auto future = pool.with({.grace = 20s})
                    .submit<run_command>(Command{.shell = "echo $$ >> \"$1\"; exec sleep 1000",
                                                 .shell_arguments = {journal.path()}});
  const pid_t command = pids_in(journal, 1).at(0);
  CHECK(future.cancel(cancel_running));
  CHECK_THROWS_AS(future.result(), CancelledError);
  CHECK(ends(command));
  CHECK(pool.submit<process_id>().result() == worker);
}

TEST_CASE("cancel_running ends the command of a thread's task as well, and no other one") {
  Journal journal;
  Gate gate;
  ThreadPoolExecutor pool(2);
  const Command deaf{.shell = "trap '' TERM; echo $$ >> \"$1\"; sleep 1000; sleep 1000",
                     .shell_arguments = {journal.path()},
                     .grace = 20ms};
  const Command patient{.shell = "echo $$ >> \"$1\"; until [ -e \"$2\" ]; do sleep 0.01; done",
                        .shell_arguments = {journal.path(), gate.path()}};
  auto cancelled = pool.submit<run_command>(deaf);
  const pid_t command = pids_in(journal, 1).at(0);
  auto other = pool.submit<run_command>(patient);
  pids_in(journal, 2);
  CHECK(cancelled.cancel(cancel_running));
  CHECK_THROWS_AS(cancelled.result(), CancelledError);
  CHECK(ends(command));
  gate.open();
  CHECK(other.result().exit_code == 0);
}

TEST_CASE("a program that ignores SIGCHLD learns how its commands end") {
  const Command command{.shell = "echo ended; exit 3"};
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  for (const StartMethod method :
       {StartMethod::forkserver, StartMethod::spawn, StartMethod::fork}) {
    ProcessPoolExecutor pool(ProcessPoolOptions{.max_workers = 1, .start_method = method});
    CHECK(result_of(pool, command).exit_code == 3);
  }
  const CommandResult result = run_command(command);
  ::signal(SIGCHLD, before);
  CHECK(result.out == "ended\n");
  if (pidfds_tell_ends()) CHECK(result.exit_code == 3);
}

TEST_CASE("a hundred commands, two at a time") {
  ProcessPoolExecutor pool(2);
  std::vector<Future<CommandResult>> futures;
  for (int i = 0; i < 100; ++i) {
    futures.push_back(pool.submit<run_command>(Command{.argv = {"echo", std::to_string(i)}}));
  }
  for (int i = 0; i < 100; ++i) {
    CHECK(futures[static_cast<std::size_t>(i)].result().out == std::to_string(i) + "\n");
  }
}
