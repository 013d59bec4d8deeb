// SPDX-License-Identifier: MIT
// clean_start_test.cpp - what a program that a task starts can see of us: nothing. Looked at from
// inside such a program, by what the kernel says of it.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "farm.hpp"

using namespace farm;

namespace {

constexpr StartMethod all_methods[] = {StartMethod::forkserver, StartMethod::spawn,
                                       StartMethod::fork};

std::string output_of(const std::string& shell_line) {
  FILE* const pipe = ::popen(shell_line.c_str(), "r");
  if (pipe == nullptr) return "popen failed";
  std::string text;
  char buffer[4096];
  while (const auto got = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, got);
  ::pclose(pipe);
  return text;
}

/// Blocked and ignored signals but 32 and 33, which are libc's own: popen leaves them ignored.
std::string disturbed_signals() {
  return output_of(
      "awk '/^Sig(Blk|Ign):/ && $2 !~ /^0+$/ && $2 != \"0000000180000000\"' /proc/self/status");
}

/// The numbers of open descriptors but the three standard ones and that of ls itself.
std::string foreign_descriptors() {
  return output_of("ls -l /proc/self/fd | awk '$9 > 2 && $11 !~ /^.proc/ {print $9, $11}'");
}

std::string standard_input() { return output_of("readlink /proc/self/fd/0"); }

std::string own_file(const std::string& name) {
  std::ifstream file("/proc/self/" + name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool leads_its_group() { return ::getpgrp() == ::getpid(); }
pid_t session() { return ::getsid(0); }

/// Signals and descriptors such as a program may have when it builds its executor.
class MessyProgram {
 public:
  MessyProgram() : hangup_(::signal(SIGHUP, SIG_IGN)), pipe_(::signal(SIGPIPE, SIG_IGN)) {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &mask_);
    for (int& fd : leaked_) fd = ::open("/dev/zero", O_RDONLY);  // not close-on-exec
  }
  ~MessyProgram() {
    for (const int fd : leaked_) ::close(fd);
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    ::signal(SIGHUP, hangup_);
    ::signal(SIGPIPE, pipe_);
  }
  MessyProgram(const MessyProgram&) = delete;
  MessyProgram& operator=(const MessyProgram&) = delete;

 private:
  void (*hangup_)(int);
  void (*pipe_)(int);
  sigset_t mask_{};
  int leaked_[30]{};
};

}  // namespace

TEST_CASE("a program that a task starts inherits nothing of ours and nothing of the program's") {
  const MessyProgram messy;
  for (const StartMethod method : all_methods) {
    CAPTURE(static_cast<int>(method));
    ProcessPoolExecutor pool(
        {.max_workers = 1, .start_method = method, .capture_stderr = true, .capture_stdout = true});
    CHECK(pool.submit<disturbed_signals>().result() == "");
    CHECK(pool.submit<foreign_descriptors>().result() == "");
    CHECK(pool.submit<standard_input>().result() == "/dev/null\n");
    CHECK(pool.submit<leads_its_group>().result());
    CHECK(pool.submit<session>().result() != session());  // nor a terminal that could stop it
  }
}

TEST_CASE("no token and no order of ours stands in the environment or the arguments of a worker") {
  for (const StartMethod method : all_methods) {
    CAPTURE(static_cast<int>(method));
    ProcessPoolExecutor pool({.max_workers = 1, .start_method = method});
    // PROCFARM_TEST_... and other variables that the user has set may be there.
    CHECK(pool.submit<output_of>("env | grep -c '^PROCFARM_SERVE='").result() == "0\n");
    const std::string arguments = pool.submit<own_file>("cmdline").result();
    CHECK(own_file("cmdline").find(arguments) == 0);
  }
}
