// SPDX-License-Identifier: MIT
// host_test.cpp - programs and tasks that make it hard: signals, descriptors, directories.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <procfarm/wait.hpp>

#include "farm.hpp"
#include "program.hpp"

using namespace farm;

namespace {

void die() { ::raise(SIGKILL); }

std::string state_of_process() {
  sigset_t blocked;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  std::string state;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGPIPE, SIGCHLD}) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    if (::sigismember(&blocked, signal) == 1) state += "blocked ";
    const auto expected = signal == SIGHUP ? action.sa_handler != SIG_IGN  // what is executed has
                                           : action.sa_handler == SIG_DFL;
    if (!expected) state += "handled:" + std::to_string(signal) + " ";
  }
  if (::getpgrp() == ::getppid()) state += "group ";
  char byte = 0;
  if (::read(STDIN_FILENO, &byte, 1) != 0) state += "stdin ";
  return state;
}

void spoil_process() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::signal(SIGTERM, SIG_IGN);
  std::filesystem::current_path("/");
  ::umask(0777);
}

std::string leak_descriptors() {
  int fd = 0;
  int last = 0;
  while ((fd = ::open("/dev/null", O_RDONLY)) >= 0) last = fd;
  const int error = errno;
  if (error != EMFILE) return "another error";
  for (int each = last; each > last - 500 && each > 20; --each) ::close(each);
  return "out of descriptors";
}

void print_without_newline(const std::string& text) {
  std::cout << text;
  std::printf("%s", text.c_str());
}

class ScopedSignal {
 public:
  ScopedSignal(int signal, void (*handler)(int)) : signal_(signal) {
    before_ = ::signal(signal, handler);
  }
  ~ScopedSignal() { ::signal(signal_, before_); }
  ScopedSignal(const ScopedSignal&) = delete;
  ScopedSignal& operator=(const ScopedSignal&) = delete;

 private:
  int signal_;
  void (*before_)(int);
};

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("a program that may write no files is told so, and not killed") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit none = before;
  none.rlim_cur = 0;
  bool refused = false;
  ::setrlimit(RLIMIT_FSIZE, &none);
  try {
    ProcessPoolExecutor pool(1);
  } catch (const std::system_error& error) {
    refused = error.code() == std::errc::file_too_large;
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  CHECK(refused);
}

TEST_CASE("a program that ignores SIGCHLD still hears of deaths and of their signals") {
  const ScopedSignal ignored(SIGCHLD, SIG_IGN);
  ProcessPoolExecutor pool(1);
  CHECK(error_of<WorkerLost>(pool.submit<die>()).signal() == SIGKILL);
  CHECK(pool.submit<doubled>(1).result() == 2);
}

TEST_CASE("a program that reaps all children does not disturb the pool") {
  std::atomic<bool> over{false};
  std::jthread reaper([&over] {
    while (!over) {
      if (::waitpid(-1, nullptr, WNOHANG) <= 0) std::this_thread::sleep_for(1ms);
    }
  });
  {
    ProcessPoolExecutor pool(1);
    CHECK(error_of<WorkerLost>(pool.submit<die>()).signal() == SIGKILL);
    CHECK(pool.submit<doubled>(1).result() == 2);
  }
  over = true;
}

TEST_CASE("tasks start clean, whatever signals the program blocks or ignores") {
  const ScopedSignal no_term(SIGTERM, SIG_IGN);
  const ScopedSignal no_hangup(SIGHUP, SIG_IGN);
  sigset_t set, before;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGUSR1);
  ::sigaddset(&set, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &set, &before);
  for (const StartMethod method :
       {StartMethod::forkserver, StartMethod::spawn, StartMethod::fork}) {
    CAPTURE(static_cast<int>(method));
    ProcessPoolExecutor pool({.max_workers = 1, .start_method = method});
    CHECK(pool.submit<state_of_process>().result() == "");
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE(
    "a task that blocks all signals and changes the directory harms neither us nor the pool") {
  const auto here = std::filesystem::current_path();
  ProcessPoolExecutor pool(1);
  pool.submit<spoil_process>().result();
  CHECK(std::filesystem::current_path() == here);
  CHECK(pool.submit<doubled>(1).result() == 2);
  Journal journal;
  auto future = pool.with({.grace = 20ms}).submit<run_for_ever>("/dev/null");
  CHECK(eventually([&] { return future.running(); }));
  CHECK(future.cancel(cancel_running));
  CHECK_THROWS_AS(future.result(), CancelledError);
  CHECK(pool.submit<doubled>(1).result() == 2);
}

TEST_CASE("a task that uses up its descriptors gets its error; the pool goes on") {
  ProcessPoolExecutor pool(1);
  CHECK(pool.submit<leak_descriptors>().result() == "out of descriptors");
  CHECK(pool.submit<doubled>(1).result() == 2);
}

TEST_CASE("the directory of the sockets is removed while the pool works") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  CHECK(pool.submit<doubled>(1).result() == 2);
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::temp_directory_path())) {
    if (entry.is_directory() && entry.path().filename().string().find("procfarm") == 0) {
      std::filesystem::remove_all(entry.path());
    }
  }
  CHECK(pool.submit<doubled>(2).result() == 4);  // connected workers go on
  auto lost = pool.submit<die>();
  error_of<WorkerLost>(lost);
  CHECK(pool.submit<doubled>(3).result() == 6);  // a new worker finds its way
}

TEST_CASE("[program] prints in tasks" * doctest::skip()) {
  share_directory();
  const int file = ::open(handed("OUTPUT").c_str(), O_WRONLY | O_APPEND | O_CREAT, 0600);
  ::dup2(file, STDOUT_FILENO);
  std::cout << "program;";
  for (const StartMethod method :
       {StartMethod::forkserver, StartMethod::spawn, StartMethod::fork}) {
    ProcessPoolExecutor pool({.max_workers = 1, .start_method = method});
    pool.submit<print_without_newline>("task;").result();
    pool.submit([] {
      std::printf("exit;");
      std::exit(3);
    });
  }
  std::cout.flush();
  ::_exit(0);
}

TEST_CASE("what tasks print is there in full, once") {
  Journal output;
  Program program("[program] prints in tasks", {{"OUTPUT", output.path()}});
  CHECK(program.wait() == 0);
  std::string text = text_of(output.path());
  const auto count = [&text](const std::string& part) {
    int found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
  };
  CHECK(count("task;") == 6);
  CHECK(count("exit;") == 3);
  CHECK(count("program;") == 1);
}

TEST_CASE("[program] has few descriptors" * doctest::skip()) {
  share_directory();
  const rlimit few{64, 64};
  ::setrlimit(RLIMIT_NOFILE, &few);
  const int keep = std::stoi(handed("KEEP"));
  Gate gate;
  ProcessPoolExecutor pool(4);
  std::vector<Future<int>> futures{pool.submit<pass>(gate.path())};
  eventually([&] { return futures[0].running(); });
  std::vector<int> leaked;
  for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY)) >= 0;) leaked.push_back(fd);
  for (int i = 0; i < keep; ++i) ::close(leaked[static_cast<std::size_t>(i)]);
  for (int i = 0; i < 3; ++i) futures.push_back(pool.submit<pass>(gate.path()));
  wait(futures, 60ms);  // time enough for more workers to be tried
  for (const int fd : std::vector(leaked.begin() + keep, leaked.end())) ::close(fd);
  gate.open();
  for (const auto& future : futures) future.result();
  pool.shutdown();
  note(handed("JOURNAL"), "over");
  ::_exit(0);
}

TEST_CASE("a program that runs out of descriptors goes on with the workers it has" *
          doctest::timeout(900)) {
  for (int keep = 0; keep < 14; ++keep) {
    CAPTURE(keep);
    Journal journal;
    Program program("[program] has few descriptors",
                    {{"JOURNAL", journal.path()}, {"KEEP", std::to_string(keep)}});
    CHECK(program.wait() == 0);
    CHECK(journal.lines() == std::vector<std::string>{"over"});
  }
}

TEST_CASE("[program] may not have descriptors enough" * doctest::skip()) {
  share_directory();
  const rlimit few{64, 64};
  ::setrlimit(RLIMIT_NOFILE, &few);
  try {
    ProcessPoolExecutor pool(100);
  } catch (const std::system_error& error) {
    note(handed("JOURNAL"), error.what());
  }
  ::_exit(0);
}

TEST_CASE("an executor that can never have its descriptors is refused, with need and limit") {
  Journal journal;
  Program program("[program] may not have descriptors enough", {{"JOURNAL", journal.path()}});
  CHECK(program.wait() == 0);
  const auto lines = journal.lines();
  REQUIRE(lines.size() == 1);
  CHECK(holds(lines[0], "64"));
  CHECK(holds(lines[0], "100 workers"));
}

TEST_CASE("the limit of open files is raised as far as the workers need it; they get the old one") {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{40, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  const auto own_limit = [] {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<std::uint64_t>(limit.rlim_cur);
  };
  {
    ProcessPoolExecutor pool(8);
    CHECK(own_limit() > 40);
    CHECK(pool.submit(own_limit).result() == 40);
    ProcessPoolExecutor next(16);
    CHECK(next.submit(own_limit).result() == 40);
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
}
