// SPDX-License-Identifier: MIT
// command_spawn.cpp - see command_spawn.hpp.
//
// The child of clone3(CLONE_VM | CLONE_VFORK) runs on our stack while this thread sleeps, until it
// executes the program or ends. It comes out of the system call in the middle of clone_beside(),
// and from there may only go on into a function that never returns: what it leaves on the stack
// lies below that of ours. It must not allocate and not lock; other threads go on beside it.
#include "command_spawn.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include <procfarm/wire/spawn_recipe.hpp>

namespace procfarm::serving {

SpawnedCommand spawn_command_by_libc(const CommandSpawn& what) {
  wire::SpawnRecipe recipe;
  if (what.fds.in >= 0) recipe.place(what.fds.in, STDIN_FILENO);
  if (what.fds.out >= 0) recipe.place(what.fds.out, STDOUT_FILENO);
  if (what.fds.err >= 0) recipe.place(what.fds.err, STDERR_FILENO);
  if (what.directory != nullptr) recipe.change_directory(what.directory);
  recipe.leave_terminal();
  recipe.close_from(STDERR_FILENO + 1);
  SpawnedCommand spawned;
  spawned.error = recipe.run(what.path, what.arguments, what.environment, spawned.pid);
  return spawned;
}

// The sanitizers do not know of two processes on one stack.
#if defined(__x86_64__) && defined(CLONE_CLEAR_SIGHAND) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)

namespace {

/// All that have a name, and the others that are ignored now.
sigset_t signals_to_reset() {
  sigset_t signals;
  ::sigemptyset(&signals);
  struct sigaction action {};
  for (int each = 1; each <= SIGRTMAX; ++each) {
    if (each == SIGKILL || each == SIGSTOP || ::sigaction(each, nullptr, &action) != 0) continue;
    if (each < SIGRTMIN || action.sa_handler == SIG_IGN) ::sigaddset(&signals, each);
  }
  return signals;
}

/// What the child is to do; it answers in `error`.
struct ChildOrder {
  const CommandSpawn& what;
  const sigset_t& reset;
  volatile int error = 0;  // by another process, which no compiler expects
};

[[noreturn, gnu::noinline]] void become(ChildOrder& order) noexcept {
  const CommandSpawn& what = order.what;
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  for (int each = 1; each <= SIGRTMAX; ++each) {
    if (::sigismember(&order.reset, each) == 1) ::sigaction(each, &by_default, nullptr);
  }
  const auto placed = [](int fd, int number) { return fd < 0 || ::dup2(fd, number) >= 0; };
  sigset_t none;
  ::sigemptyset(&none);
  const bool ready = ::setsid() > 0 && placed(what.fds.in, STDIN_FILENO) &&
                     placed(what.fds.out, STDOUT_FILENO) && placed(what.fds.err, STDERR_FILENO) &&
                     (what.directory == nullptr || ::chdir(what.directory) == 0) &&
                     ::close_range(STDERR_FILENO + 1, ~0U, 0) == 0 &&
                     ::sigprocmask(SIG_SETMASK, &none, nullptr) == 0;
  if (ready) ::execve(what.path, what.arguments, what.environment);
  order.error = errno;
  ::_exit(127);
}

/// The child's id, or -errno.
[[gnu::noinline]] long clone_beside(clone_args& arguments, ChildOrder& order) {
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "0"(SYS_clone3), "D"(&arguments), "S"(sizeof arguments)
               : "rcx", "r11", "memory");
  if (result == 0) become(order);
  return result;
}

/// Kernels and containers may lack clone3, a flag of it or close_range: libc knows other ways. What
/// cannot be executed for one of these reasons fails once more.
bool is_unknown(long error) { return error == ENOSYS || error == EINVAL || error == EPERM; }

}  // namespace

SpawnedCommand spawn_command(const CommandSpawn& what) {
  static const sigset_t reset = signals_to_reset();
  ChildOrder order{.what = what, .reset = reset};
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_CLEAR_SIGHAND | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  // No handler of ours may run in the child.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const long result = clone_beside(arguments, order);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (is_unknown(-result)) return spawn_command_by_libc(what);
  if (result < 0) return {.error = static_cast<int>(-result)};
  SpawnedCommand spawned{.pid = static_cast<pid_t>(result), .pidfd = wire::UniqueFd(pidfd)};
  if (order.error == 0) return spawned;
  while (::waitpid(spawned.pid, nullptr, __WALL) < 0 && errno == EINTR) {
  }
  if (is_unknown(order.error)) return spawn_command_by_libc(what);
  return {.error = order.error};
}

#else

SpawnedCommand spawn_command(const CommandSpawn& what) { return spawn_command_by_libc(what); }

#endif

}  // namespace procfarm::serving
