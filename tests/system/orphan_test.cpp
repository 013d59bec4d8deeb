// SPDX-License-Identifier: MIT
// orphan_test.cpp - whoever is killed, the coordinator, the supervisor or a worker: nothing
// survives that should not. And a program that just ends lets its work finish.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "farm.hpp"
#include "program.hpp"
#include "support/process_tree.hpp"

using namespace farm;

namespace {

StartMethod method_of(const std::string& name) {
  if (name == "spawn") return StartMethod::spawn;
  return name == "fork" ? StartMethod::fork : StartMethod::forkserver;
}

/// A daemon, and a worker that would never end.
void leave_daemon_and_run(const std::string& daemons, const std::string& journal) {
  leave_daemon(daemons);
  if (::fork() == 0) run_for_ever(journal);
  run_for_ever(journal);
}

/// Work with all that could outlive its owner: returns when it runs.
void start_tree(ProcessPoolExecutor& pool, const Journal& daemons, const Journal& journal) {
  pool.submit<leave_daemon_and_run>(daemons.path(), journal.path());
  journal.await(2);
  pool.submit<run_for_ever>(journal.path());
  journal.await(3);
}

void check_all_end(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) {
    CAPTURE(support::describe_process(pid));
    CHECK(ends(pid));
  }
}

}  // namespace

TEST_CASE("[program] a coordinator that will be killed" * doctest::skip()) {
  share_directory();
  Journal daemons, journal;
  ProcessPoolExecutor pool({.max_workers = 2, .start_method = method_of(handed("START_METHOD"))});
  const pid_t helper = ::fork();  // holds all our descriptors, the supervisor's socket among them
  if (helper == 0) {
    for (;;) ::pause();
  }
  start_tree(pool, daemons, journal);
  std::string tree;
  for (const pid_t pid : support::tree_of(::getpid())) {
    if (pid != ::getpid() && pid != helper) tree += std::to_string(pid) + " ";
  }
  ::unlink(daemons.path().c_str());
  ::unlink(journal.path().c_str());
  note(handed("JOURNAL"), std::to_string(helper));
  note(handed("JOURNAL"), tree);
  for (;;) ::pause();
}

TEST_CASE("a coordinator is killed: no worker and nothing that its tasks have started lives on") {
  for (const std::string method : {"forkserver", "spawn", "fork"}) {
    if (method == "fork" && support::address_sanitizer) continue;
    CAPTURE(method);
    Journal journal;
    Program program("[program] a coordinator that will be killed",
                    {{"START_METHOD", method}, {"JOURNAL", journal.path()}});
    const auto lines = journal.await(2);
    REQUIRE(lines.size() == 2);
    std::vector<pid_t> pids;
    std::istringstream numbers(lines[1]);
    for (pid_t pid = 0; numbers >> pid;) pids.push_back(pid);
    CHECK(pids.size() == 5);  // supervisor, two workers, a child, a daemon
    CHECK(std::all_of(pids.begin(), pids.end(), alive));
    program.kill(SIGKILL);
    CHECK(WTERMSIG(program.wait()) == SIGKILL);
    check_all_end(pids);
    const pid_t helper = std::stoi(lines[0]);
    ::kill(helper, SIGKILL);
    CHECK(ends(helper));
  }
  ProcessPoolExecutor next(1);  // cleans up the files of those that were killed
  CHECK(next.submit<doubled>(1).result() == 2);
}

TEST_CASE(
    "the supervisor is killed: its workers leave with all they have started, the pool is broken") {
  for (const StartMethod method :
       {StartMethod::forkserver, StartMethod::spawn, StartMethod::fork}) {
    CAPTURE(static_cast<int>(method));
    Journal daemons, journal;
    ProcessPoolExecutor pool({.max_workers = 2, .start_method = method});
    start_tree(pool, daemons, journal);
    auto pending = pool.submit<doubled>(1);
    auto tree = support::tree_of(::getpid());
    tree.erase(tree.begin());
    CHECK(tree.size() == 5);
    ::kill(support::children_of(::getpid()).at(0), SIGKILL);
    check_all_end(tree);
    CHECK(holds(error_of<BrokenProcessPool>(pending).what(), "supervisor"));
    CHECK_THROWS_AS(pool.submit<doubled>(1), BrokenProcessPool);
    pool.shutdown();
    CHECK(support::children_of(::getpid()).empty());
  }
}

TEST_CASE("the supervisor is killed while its workers stand still: nothing lives on either") {
  Journal daemons, journal;
  ProcessPoolExecutor pool(2);
  start_tree(pool, daemons, journal);
  auto tree = support::tree_of(::getpid());
  tree.erase(tree.begin());
  pool.suspend();
  ::kill(support::children_of(::getpid()).at(0), SIGKILL);
  check_all_end(tree);
}

TEST_CASE("a broken pool still answers, and knows nothing of the tasks that it had") {
  Gate gate;
  ProcessPoolExecutor pool(2);
  {
    auto running = pool.submit<pass>(gate.path());
    auto mapped = pool.map<pass>(std::vector<std::string>(8, gate.path()));
    CHECK(eventually([&] { return pool.stats().running == 2; }));
    ::kill(support::children_of(::getpid()).at(0), SIGKILL);
    CHECK_THROWS_AS(running.result(), BrokenProcessPool);
    CHECK_THROWS_AS(*mapped.begin(), BrokenProcessPool);
  }
  CHECK(eventually([&] { return pool.stats().pending == 0; }));
  CHECK(pool.stats().running == 0);
  for (const WorkerInfo& worker : pool.workers()) CHECK_FALSE(worker.busy);
  pool.shutdown({.cancel_futures = true});
}

TEST_CASE("a worker is killed: what its task has started goes with it") {
  Journal daemons, journal;
  ProcessPoolExecutor pool(2);
  start_tree(pool, daemons, journal);
  const pid_t daemon = pids_in(daemons, 1).at(0);
  const pid_t worker = support::children_of(support::children_of(::getpid()).at(0)).at(0);
  const auto tree = support::tree_of(worker);
  ::kill(worker, SIGKILL);
  check_all_end(tree);
  if (std::find(tree.begin(), tree.end(), daemon) != tree.end()) CHECK_FALSE(alive(daemon));
  CHECK(pool.submit<doubled>(1).result() == 2);
  pool.kill_workers();
}

TEST_CASE("what a task leaves behind lives as long as its worker, not longer") {
  Journal daemons;
  pid_t daemon = 0;
  {
    ProcessPoolExecutor pool({.max_workers = 1, .max_tasks_per_child = 1});
    daemon = pool.submit<leave_daemon>(daemons.path()).result();
    CHECK(ends(daemon));
  }
}

TEST_CASE("[program] ends while its work goes on" * doctest::skip()) {
  share_directory();
  auto& pool = *new ProcessPoolExecutor(2);
  static ProcessPoolExecutor last(1);
  for (int i = 0; i < 20; ++i) pool.submit<note>(handed("JOURNAL"), "ran");
  for (int i = 0; i < 20; ++i) last.submit<note>(handed("JOURNAL"), "ran");
  std::exit(5);
}

TEST_CASE(
    "a program that ends without shutdown lets accepted work finish, and no process is left") {
  Journal journal;
  Program program("[program] ends while its work goes on", {{"JOURNAL", journal.path()}});
  CHECK(WEXITSTATUS(program.wait()) == 5);
  CHECK(journal.lines().size() == 40);
}
