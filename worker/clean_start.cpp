// SPDX-License-Identifier: MIT
// clean_start.cpp - see clean_start.hpp.
#include "clean_start.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <vector>

namespace procfarm::serving {

void reset_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal <= SIGRTMAX; ++signal) ::sigaction(signal, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void close_all_but(std::initializer_list<int> kept) {
  std::vector<int> sorted(kept);
  std::sort(sorted.begin(), sorted.end());
  unsigned first = 3;
  for (const int fd : sorted) {
    const auto number = static_cast<unsigned>(fd);
    if (fd < 3 || number < first) continue;
    if (number > first) ::close_range(first, number - 1, 0);
    first = number + 1;
  }
  ::close_range(first, ~0U, 0);
}

void settle_standard_streams() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return;
  ::dup2(null, STDIN_FILENO);
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) < 0) ::dup2(null, fd);
  }
  if (null > STDERR_FILENO) {
    ::close(null);
  } else {
    ::fcntl(null, F_SETFD, 0);  // it is one of the three now
  }
}

void survive_hangup() {
  struct sigaction action {};
  action.sa_handler = [](int) {};  // not SIG_IGN, which programs inherit that are executed
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGHUP, &action, nullptr);
}

void leave_process_group() { ::setpgid(0, 0); }

void leave_terminal() { ::setsid(); }

void set_process_name(const std::string& name) { ::prctl(PR_SET_NAME, name.c_str(), 0, 0, 0); }

void become_subreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

void set_descriptor_limit(std::uint64_t soft) {
  rlimit limit{};
  if (soft == 0 || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(soft, limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void flush_output() {
  std::cout.flush();
  std::clog.flush();
  std::fflush(stdout);
  std::fflush(stderr);
}

void leave(int status) {
  // A thread of a task may hold a stream's lock for ever.
  ::signal(SIGALRM, SIG_DFL);
  ::alarm(10);
  flush_output();
  std::fflush(nullptr);
  ::_exit(status);
}

}  // namespace procfarm::serving
