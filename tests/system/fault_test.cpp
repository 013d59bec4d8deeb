// SPDX-License-Identifier: MIT
// fault_test.cpp - faults of the machine around us: stopped processes, want of memory, programs
// that never answer, tasks that change their whole process. docs/reliability.md has the matrix.
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <procfarm/command.hpp>

#include "farm.hpp"
#include "program.hpp"
#include "support/process_tree.hpp"

using namespace farm;

namespace {

/// As a worker whose program hangs before it comes to its main.
struct HangsBeforeMain {
  HangsBeforeMain() {
    const char* const role = std::getenv("PROCFARM_SERVE");
    const char* const wanted = std::getenv("PROCFARM_TEST_HANG");
    if (role == nullptr || wanted == nullptr) return;
    if (std::string(role).starts_with(wanted)) pause_for_ever();
  }
  [[noreturn]] static void pause_for_ever() {
    for (;;) ::pause();
  }
} hangs_before_main;

/// As a program that tidies up before it calls init().
struct TidiesUpBeforeMain {
  TidiesUpBeforeMain() {
    const char* const what = std::getenv("PROCFARM_TEST_TIDY");
    if (what == nullptr || std::getenv("PROCFARM_SERVE") == nullptr) return;
    const bool descriptors = std::string(what) == "descriptors";
    descriptors ? ::closefrom(STDERR_FILENO + 1) : static_cast<void>(::clearenv());
  }
} tidies_up_before_main;

std::size_t length(const std::string& text) { return text.size(); }

void limit_memory(rlim_t megabytes) {
  std::ifstream file("/proc/self/statm");
  rlim_t pages = 0;
  file >> pages;
  const rlim_t limit = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (megabytes << 20);
  const rlimit both{limit, limit};
  ::setrlimit(RLIMIT_AS, &both);
}

std::atomic<bool> interrupted{false};

/// From now on every millisecond a signal ends the system call that waits.
void start_interrupting() {
  struct sigaction noted {};
  noted.sa_handler = [](int) { interrupted.store(true, std::memory_order_relaxed); };
  ::sigaction(SIGALRM, &noted, nullptr);
  const itimerval every{{0, 1000}, {0, 1000}};
  ::setitimer(ITIMER_REAL, &every, nullptr);
}
void stop_interrupting() {
  const itimerval never{};
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::signal(SIGALRM, SIG_DFL);
}

std::size_t take_more_than_there_is() {
  limit_memory(16);
  return std::string(std::size_t{1} << 30, 'x').size();
}

void join_group_and_take(const std::string& group, std::size_t bytes) {
  std::ofstream(group + "/cgroup.procs") << ::getpid() << std::flush;
  std::string all(bytes, 'x');
  volatile char last = all.back();
  (void)last;
}

void spoil_more() {
  const rlimit few{30, 30};
  ::setrlimit(RLIMIT_NOFILE, &few);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  std::setlocale(LC_ALL, "C.UTF-8");
  for (int signal = 1; signal < SIGRTMIN; ++signal) ::signal(signal, SIG_IGN);
  ::clearenv();
}

void signal_each(const std::vector<pid_t>& pids, int signal) {
  for (const pid_t pid : pids) ::kill(pid, signal);
}

}  // namespace

TEST_CASE("[program] works while it is stopped now and then" * doctest::skip()) {
  share_directory();
  ProcessPoolExecutor pool(2);
  std::vector<Future<std::string>> futures;
  for (int i = 0; i < 400; ++i) {
    futures.push_back(pool.submit<note>(handed("JOURNAL"), std::to_string(i)));
    std::this_thread::sleep_for(1ms);  // so that it is stopped in the middle
  }
  for (const auto& future : futures) (void)future.result();
  pool.shutdown();
  ::_exit(7);
}

TEST_CASE("a coordinator, or all, that is stopped for a while loses nothing and doubles nothing") {
  for (const bool all : {false, true}) {
    CAPTURE(all);
    Journal journal;
    Program program("[program] works while it is stopped now and then",
                    {{"JOURNAL", journal.path()}});
    for (std::size_t i = 1; i <= 3; ++i) {
      journal.await(50 * i);
      const auto stopped =
          all ? support::tree_of(program.pid()) : std::vector<pid_t>{program.pid()};
      signal_each(stopped, SIGSTOP);
      std::this_thread::sleep_for(200ms);  // the fault itself
      signal_each(stopped, SIGCONT);
    }
    CHECK(WEXITSTATUS(program.wait()) == 7);
    const auto lines = journal.lines();
    CHECK(lines.size() == 400);
    CHECK(std::set<std::string>(lines.begin(), lines.end()).size() == 400);
  }
}

TEST_CASE("signals that interrupt every call, in the program and in its workers, harm nobody") {
  ProcessPoolExecutor pool({.max_workers = 2, .initializer = call<start_interrupting>()});
  start_interrupting();
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < 300; ++i) sizes.push_back(i % 50 == 0 ? 3'000'000 : 10 * i);
  std::vector<Future<std::size_t>> lengths;
  for (const std::size_t size : sizes)
    lengths.push_back(pool.submit<length>(std::string(size, 'x')));
  const auto echo =
      pool.submit<run_command>(Command{.shell = "cat; echo end", .stdin_text = "in "});
  std::size_t at = 0;
  for (const std::string& text :
       pool.map([](std::size_t size) { return std::string(size, 'y'); }, sizes)) {
    CHECK(text.size() == sizes[at++]);
  }
  for (std::size_t i = 0; i < sizes.size(); ++i) CHECK(lengths[i].result() == sizes[i]);
  CHECK(echo.result().out == "in end\n");
  pool.shutdown();
  CHECK(interrupted);
  stop_interrupting();
}

TEST_CASE("a task that gets no memory fails; the pool goes on" *
          doctest::skip(support::address_sanitizer || support::thread_sanitizer)) {
  ProcessPoolExecutor pool(1);
  CHECK_THROWS_AS(pool.submit<take_more_than_there_is>().result(), std::bad_alloc);
  CHECK(pool.submit<doubled>(1).result() == 2);
}

TEST_CASE("[program] has no memory for its arguments" * doctest::skip()) {
  share_directory();
  limit_memory(1 << 20);  // however high: no address space is set aside for arguments then
  ProcessPoolExecutor pool(1);
  CHECK(pool.submit<doubled>(1).result() == 2);
  const std::string large(std::size_t{100} << 20, 'x');
  limit_memory(60);
  try {
    const auto failed = pool.submit<length>(large);
    note(handed("JOURNAL"), failed.exception() != nullptr ? "failed" : "done");
  } catch (const std::bad_alloc&) {
    note(handed("JOURNAL"), "failed");
  }
  note(handed("JOURNAL"), std::to_string(pool.submit<doubled>(2).result()));
  pool.shutdown();
  ::_exit(0);
}

TEST_CASE("a submit for which there is no memory fails alone" *
          doctest::skip(support::address_sanitizer || support::thread_sanitizer)) {
  Journal journal;
  Program program("[program] has no memory for its arguments", {{"JOURNAL", journal.path()}});
  CHECK(program.wait() == 0);
  CHECK(journal.lines() == std::vector<std::string>{"failed", "4"});
}

TEST_CASE("a task that spoils limits, locale, signals and environment: the pool goes on") {
  ProcessPoolExecutor pool(1);
  pool.submit<spoil_more>().result();
  CHECK(pool.submit<doubled>(1).result() == 2);
  Journal journal;
  auto future = pool.with({.timeout = 1ms, .grace = 1ms}).submit<run_for_ever>(journal.path());
  CHECK_THROWS_AS(future.result(), TaskTimeout);
  CHECK(pool.submit<doubled>(2).result() == 4);
}

TEST_CASE("an initializer that hangs holds up nothing but its executor, which can be killed") {
  Journal journal;
  ProcessPoolExecutor pool({.max_workers = 1, .initializer = call<&run_for_ever>(journal.path())});
  auto waiting = pool.submit<doubled>(1);
  auto cancelled = pool.submit<doubled>(2);
  const pid_t worker = pids_in(journal, 1).at(0);
  CHECK(cancelled.cancel());
  pool.kill_workers();
  CHECK_THROWS_AS(waiting.result(), CancelledError);
  pool.shutdown();
  CHECK_FALSE(alive(worker));
}

TEST_CASE("a supervisor that was stopped goes on when it has to end something") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto running = pool.submit<run_for_ever>(journal.path());
  const pid_t worker = pids_in(journal, 1).at(0);
  ::kill(support::children_of(::getpid()).at(0), SIGSTOP);
  pool.kill_workers();
  const auto lost = error_of<WorkerLost>(running);
  CHECK(holds(lost.what(), "was killed by SIGKILL: the executor ended its workers"));
  pool.shutdown();
  CHECK_FALSE(alive(worker));
  ProcessPoolExecutor idle(1);
  CHECK(idle.submit<doubled>(1).result() == 2);
  ::kill(support::children_of(::getpid()).at(0), SIGSTOP);
  idle.shutdown();
}

TEST_CASE("[program] a task that takes more memory than its group may have" * doctest::skip()) {
  const std::string group = handed("MEMORY_GROUP");
  ProcessPoolExecutor pool(1);
  const auto lost =
      error_of<WorkerLost>(pool.submit<join_group_and_take>(group, std::size_t{200} << 20));
  CHECK(lost.signal() == SIGKILL);
  CHECK(holds(lost.what(), "perhaps out of memory"));
  CHECK(pool.submit<doubled>(1).result() == 2);
}

TEST_CASE("[program] a supervisor or worker that never makes contact" * doctest::skip() *
          doctest::timeout(900)) {
  const std::string role = handed("ROLE");
  ProcessPoolExecutor pool({.max_workers = 1,
                            .start_method = StartMethod::spawn,
                            .env = {{"PROCFARM_TEST_HANG", role}}});
  const auto broken = error_of<BrokenProcessPool>(pool.submit<doubled>(1));
  CHECK(holds(broken.what(), "did not make contact in time"));
}

TEST_CASE("[program] hangs" * doctest::skip()) {
  Journal journal, daemons;
  ProcessPoolExecutor pool(1);
  pool.submit<leave_daemon>(daemons.path()).result();
  pool.submit<run_for_ever>(journal.path()).result();
}

TEST_CASE("a copy of the program that cannot know what it is for ends, and starts no copies") {
  std::string what;
  SUBCASE("its descriptors were closed") { what = "descriptors"; }
  SUBCASE("its environment was cleared") { what = "environment"; }
  for (const StartMethod method : {StartMethod::forkserver, StartMethod::spawn}) {
    CAPTURE(static_cast<int>(method));
    ProcessPoolExecutor pool(
        {.max_workers = 1, .start_method = method, .env = {{"PROCFARM_TEST_TIDY", what}}});
    CHECK_THROWS_AS(pool.submit<length>(std::string("abc")).result(), BrokenProcessPool);
  }
}
