// SPDX-License-Identifier: MIT
// command_spawn_test.cpp - what a command finds at its start, by both ways of making its process.
#include "worker/command_spawn.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
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

void handler(int) {}

/// A program whose dispositions are its own affair.
class OddSignals {
 public:
  OddSignals() : hangup_(::signal(SIGHUP, SIG_IGN)), user_(::signal(SIGUSR2, handler)) {
    sigset_t blocked;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &before_);
  }
  ~OddSignals() {
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    ::signal(SIGHUP, hangup_);
    ::signal(SIGUSR2, user_);
  }

 private:
  sighandler_t hangup_;
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
