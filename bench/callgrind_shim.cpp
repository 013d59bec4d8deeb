// SPDX-License-Identifier: MIT
// callgrind_shim.cpp - preloaded into a coordinator whose instructions callgrind counts. Older
// valgrinds do not know pidfd_open: it gets a descriptor that never tells of an end, so who ends
// has to be seen by the closing of its socket. And /proc/self/exe would be executed as valgrind
// itself; it is looked up instead, so that the workers run as always, beside callgrind and without
// this.
#include <dlfcn.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>

extern "C" long syscall(long number, ...) {
  if (number == SYS_pidfd_open) return ::eventfd(0, EFD_CLOEXEC);
  if (number == SYS_pidfd_send_signal) {
    errno = ESRCH;
    return -1;
  }
  static const auto real = reinterpret_cast<long (*)(long, ...)>(::dlsym(RTLD_NEXT, "syscall"));
  std::va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& each : arguments) each = va_arg(list, long);
  va_end(list);
  return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
              arguments[5]);
}

using Spawn = int (*)(pid_t*, const char*, const posix_spawn_file_actions_t*,
                      const posix_spawnattr_t*, char* const*, char* const*);

extern "C" int posix_spawn(pid_t* child, const char* path,
                           const posix_spawn_file_actions_t* actions,
                           const posix_spawnattr_t* attributes, char* const* arguments,
                           char* const* environment) {
  static const auto real = reinterpret_cast<Spawn>(::dlsym(RTLD_NEXT, "posix_spawn"));
  char program[4096] = {};
  const bool itself =
      std::strcmp(path, "/proc/self/exe") == 0 && ::readlink(path, program, sizeof program - 1) > 0;
  if (!itself) return real(child, path, actions, attributes, arguments, environment);
  char* kept[1024] = {};
  std::size_t count = 0;
  for (char* const* each = environment; *each != nullptr && count < 1023; ++each)
    if (std::strncmp(*each, "LD_PRELOAD=", 11) != 0) kept[count++] = *each;
  return real(child, program, actions, attributes, arguments, kept);
}
