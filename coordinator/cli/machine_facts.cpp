// SPDX-License-Identifier: MIT
// machine_facts.cpp - asks the kernel, and tries what only a try can tell.
#include "machine_facts.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <procfarm/options.hpp>

#include "launcher.hpp"
#include "run_schema.hpp"

namespace procfarm::cli {
namespace {

constexpr std::uint64_t own_processes = 8;         // the tool's threads and the supervisor
constexpr std::uint64_t processes_per_worker = 3;  // its two threads, and a command

int directory_error(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return errno;
  if (!S_ISDIR(status.st_mode)) return ENOTDIR;
  return ::access(path.c_str(), R_OK | W_OK | X_OK) == 0 ? 0 : errno;
}

DirectoryFacts directory_facts(const std::string& path) {
  DirectoryFacts facts{.path = path, .error = directory_error(path)};
  struct statfs kind {};
  struct statvfs space {};
  if (::statfs(path.c_str(), &kind) == 0) {
    facts.network = is_network_file_system(static_cast<std::uint64_t>(kind.f_type));
  }
  if (::statvfs(path.c_str(), &space) == 0) {
    facts.free_bytes = std::uint64_t{space.f_bavail} * space.f_frsize;
    facts.free_files = space.f_favail;
  }
  return facts;
}

std::vector<SocketVariable> socket_variables() {
  std::vector<SocketVariable> variables;
  for (const char* name : {"XDG_RUNTIME_DIR", "TMPDIR"}) {
    const char* value = std::getenv(name);
    if (value != nullptr) variables.push_back({name, value, directory_error(value)});
  }
  return variables;
}

int memfd_error() {
  const int fd = ::memfd_create("procfarm-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return errno;
  ::close(fd);
  return 0;
}

int pidfd_error() {
  const auto fd = static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0));
  if (fd < 0) return errno;
  ::close(fd);
  return 0;
}

std::optional<std::uint64_t> processes_of_user() {
  rlimit limit{};
  const bool enforced = ::geteuid() != 0;  // the kernel does not count those of root
  if (!enforced || ::getrlimit(RLIMIT_NPROC, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return std::nullopt;
  }
  return limit.rlim_cur;
}

int allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const auto all = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : all;
}

}  // namespace

MachineFacts machine_facts(int jobs, const std::string& directory) {
  MachineFacts facts{.jobs = jobs};
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    facts.descriptors_soft = limit.rlim_cur;
    facts.descriptors_hard = limit.rlim_max;
  }
  facts.descriptors_needed = descriptors_needed(jobs);
  facts.processes_needed = own_processes + processes_per_worker * static_cast<std::uint64_t>(jobs);
  facts.processes_of_user = processes_of_user();
  facts.cgroup = read_cgroup_limits();
  facts.memory = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                 static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  facts.cores = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  facts.cores_allowed = allowed_cores();
  facts.cores_usable = usable_cpus();
  facts.socket_variables = socket_variables();
  facts.socket_fallback = directory_facts("/tmp");
  facts.memfd_error = memfd_error();
  facts.pidfd_error = pidfd_error();
  const auto runs = std::filesystem::absolute(directory).lexically_normal();
  // "." leaves a slash at the end.
  facts.runs = directory_facts(runs.has_filename() ? runs.string() : runs.parent_path().string());
  return facts;
}

}  // namespace procfarm::cli
