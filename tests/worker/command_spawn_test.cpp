// SPDX-License-Identifier: MIT
// command_spawn_test.cpp - what a command finds at its start, by both ways of making its process.
#include "worker/command_spawn.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "support/process_tree.hpp"

using namespace procfarm;
using serving::spawn_command;
using serving::spawn_command_by_libc;
using serving::SpawnedCommand;

namespace {

using Spawn = SpawnedCommand (*)(const serving::CommandSpawn&);

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  wire::UniqueFd out, in;
};

std::string text_from(int fd) {
  std::string text;
  char block[4096];
  for (ssize_t got; (got = ::read(fd, block, sizeof block)) > 0;)
    text.append(block, static_cast<std::size_t>(got));
  return text;
}

/// What a shell line prints.
std::string printed(Spawn spawn, std::string line, const char* directory = nullptr) {
  Pipe pipe;
  std::string shell = "/bin/sh", option = "-c", variable = "GIVEN=it";
  char* const arguments[] = {shell.data(), option.data(), line.data(), nullptr};
  char* const environment[] = {variable.data(), nullptr};
  const SpawnedCommand spawned = spawn({.path = "/bin/sh",
                                        .arguments = arguments,
                                        .environment = environment,
                                        .directory = directory,
                                        .fds = {.out = pipe.in.get()}});
  REQUIRE(spawned.error == 0);
  CHECK(::getpgid(spawned.pid) == spawned.pid);
  CHECK(::getsid(spawned.pid) == spawned.pid);  // no terminal to be asked at
  pipe.in.reset();
  std::string text = text_from(pipe.out.get());
  int status = -1;
  CHECK(::waitpid(spawned.pid, &status, 0) == spawned.pid);
  CHECK(status == 0);
  return text;
}

/// The mask that /proc tells; 32 and 33 are libc's own.
std::uint64_t signals(const std::string& status, const std::string& field) {
  const auto at = status.find(field + ":");
  REQUIRE(at != std::string::npos);
  return std::stoull(status.substr(at + field.size() + 1), nullptr, 16) &
         ~std::uint64_t{0x180000000};
}

/// From now on this process has no system call of that number, as in some containers.
bool lose_system_call(unsigned number) {
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program{.len = std::size(rules), .filter = rules};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// The exit code of /bin/true, or what was wrong, in a process of its own.
int true_without(unsigned number) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (!lose_system_call(number)) ::_exit(101);
    char name[] = "true";
    char* const arguments[] = {name, nullptr};
    char* const environment[] = {nullptr};
    const SpawnedCommand spawned =
        spawn_command({.path = "/bin/true", .arguments = arguments, .environment = environment});
    if (spawned.error != 0) ::_exit(102);
    int status = -1;
    if (::waitpid(spawned.pid, &status, 0) != spawned.pid) ::_exit(103);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 104);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void handler(int) {}

/// A program whose dispositions are its own affair.
class OddSignals {
 public:
  OddSignals()
      : hangup_(::signal(SIGHUP, SIG_IGN)),
        urgent_(::signal(SIGURG, SIG_IGN)),
        user_(::signal(SIGUSR2, handler)) {
    sigset_t blocked;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &before_);
  }
  ~OddSignals() {
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    ::signal(SIGHUP, hangup_);
    ::signal(SIGURG, urgent_);
    ::signal(SIGUSR2, user_);
  }

 private:
  sighandler_t hangup_;
  sighandler_t urgent_;
  sighandler_t user_;
  sigset_t before_;
};

}  // namespace

TEST_CASE(
    "a command starts with its directory, its environment and no more than three descriptors") {
  const wire::UniqueFd inheritable(::open("/dev/null", O_RDONLY));
  for (const Spawn spawn : {spawn_command, spawn_command_by_libc}) {
    CHECK(printed(spawn, "pwd; echo $GIVEN; cd /proc/self/fd; echo *", "/usr") ==
          "/usr\nit\n0 1 2 3\n");  // 3: of the shell, which reads the directory
    CHECK(printed(spawn, "pwd") == printed(spawn_command_by_libc, "pwd"));
  }
}

TEST_CASE("a command starts without ignored and blocked signals, whatever its worker has done") {
  printed(spawn_command, "true");  // what is ignored only after the first command counts too
  const OddSignals odd;
  for (const Spawn spawn : {spawn_command, spawn_command_by_libc}) {
    const std::string status = printed(spawn, "cat /proc/self/status");
    CHECK(signals(status, "SigBlk") == 0);
    CHECK(signals(status, "SigIgn") == 0);
    CHECK(signals(status, "SigCgt") == 0);
  }
  // And its worker goes on with what it had.
  sigset_t blocked;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  CHECK(::sigismember(&blocked, SIGTERM) == 1);
  CHECK(::sigismember(&blocked, SIGINT) == 0);
}

TEST_CASE("what cannot be executed is told, and leaves no process") {
  const auto before = support::children_of(::getpid());
  std::string name = "none";
  char* const arguments[] = {name.data(), nullptr};
  char* const environment[] = {nullptr};
  for (const Spawn spawn : {spawn_command, spawn_command_by_libc}) {
    const auto error = [&](const char* path, const char* directory) {
      return spawn({.path = path,
                    .arguments = arguments,
                    .environment = environment,
                    .directory = directory})
          .error;
    };
    CHECK(error("/nowhere/none", nullptr) == ENOENT);
    CHECK(error("/etc/passwd", nullptr) == EACCES);
    CHECK(error("/bin/true", "/nowhere") == ENOENT);
    CHECK(support::children_of(::getpid()) == before);
  }
}

TEST_CASE("a command starts also where the kernel lacks what makes it quick") {
  CHECK(true_without(SYS_clone3) == 0);
  CHECK(true_without(SYS_close_range) == 0);
}
