// SPDX-License-Identifier: MIT
// kill_at_write.cpp - a library to be preloaded: kills its process when that writes to a run
// database (or its log) for the n-th time, n from PROCFARM_TEST_KILL_AT. For tool_chaos_test.cpp.
#undef _FILE_OFFSET_BITS  // else pwrite is another name of pwrite64
#include <dlfcn.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

std::atomic<long> writes{0};

bool is_run_database(int fd) {
  char link[64];
  char path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = ::readlink(link, path, sizeof path);
  const std::string_view name(path, size > 0 ? static_cast<std::size_t>(size) : 0);
  return name.ends_with("/run.db") || name.ends_with("/run.db-wal");
}

void count_write(int fd) {
  static const char* const wanted = std::getenv("PROCFARM_TEST_KILL_AT");
  if (wanted == nullptr || !is_run_database(fd)) return;
  if (++writes == std::atol(wanted)) ::kill(::getpid(), SIGKILL);
}

}  // namespace

extern "C" ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  using Function = ssize_t (*)(int, const void*, size_t, off64_t);
  static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "pwrite64"));
  count_write(fd);
  return real(fd, bytes, size, offset);
}

extern "C" ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  return pwrite64(fd, bytes, size, offset);
}
