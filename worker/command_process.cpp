// SPDX-License-Identifier: MIT
// command_process.cpp - see command_process.hpp.
#include "command_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <set>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <procfarm/wire/spawn_recipe.hpp>

#include "command_environment.hpp"
#include "process_tree.hpp"
#include "simple_command.hpp"

namespace procfarm::serving {

using namespace std::chrono_literals;

namespace {

constexpr const char* shell_path = "/bin/sh";

/// The groups of the commands that run in this process.
class CommandGroups {
 public:
  void add(pid_t group) {
    const std::lock_guard lock(mutex_);
    groups_.insert(group);
  }
  void remove(pid_t group) {
    const std::lock_guard lock(mutex_);
    groups_.erase(group);
  }
  bool contains(pid_t group) {
    const std::lock_guard lock(mutex_);
    return groups_.count(group) != 0;
  }
  /// A property of the process, as the groups themselves are.
  static CommandGroups& instance() {
    static CommandGroups groups;
    return groups;
  }

 private:
  std::mutex mutex_;
  std::set<pid_t> groups_;
};

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

std::vector<std::string> arguments_of(const Command& command) {
  if (command.shell.empty()) return command.argv;
  std::vector<std::string> arguments{shell_path, "-c", command.shell, "procfarm"};
  arguments.insert(arguments.end(), command.shell_arguments.begin(), command.shell_arguments.end());
  return arguments;
}

/// As seen from the directory in which the command will be.
std::string seen_from_here(const std::string& path, const std::string& directory) {
  return path.starts_with('/') || directory.empty() ? path : directory + '/' + path;
}

bool is_executable_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
}

/// The path to execute; an error (ENOENT, EACCES) if there is none.
struct Lookup {
  std::string path;
  int error = 0;
};

Lookup look_up(const std::string& name, const CommandEnvironment& environment,
               const std::string& cwd) {
  if (name.empty()) return {{}, ENOENT};
  if (name.find('/') != std::string::npos) return {name, 0};
  const char* const path_variable = environment.find("PATH");
  const std::string directories = path_variable == nullptr ? "/bin:/usr/bin" : path_variable;
  int error = ENOENT;
  for (std::size_t at = 0; at <= directories.size();) {
    const std::size_t end = std::min(directories.find(':', at), directories.size());
    const std::string directory = directories.substr(at, end - at);
    at = end + 1;
    const std::string path = (directory.empty() ? "." : directory) + '/' + name;
    const std::string here = seen_from_here(path, cwd);
    if (is_executable_file(here)) return {path, 0};
    if (::access(here.c_str(), F_OK) == 0) error = EACCES;
  }
  return {{}, error};
}

/// A file that the kernel executes itself: others a shell would take for scripts.
bool is_program(const std::string& path) {
  if (!is_executable_file(path)) return false;
  const wire::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char head[4] = {};
  return file && ::read(file.get(), head, sizeof head) == sizeof head &&
         (std::memcmp(head, "\177ELF", 4) == 0 || std::memcmp(head, "#!", 2) == 0);
}

/// As a shell does it: kept where it is true, else the path without links.
void tell_directory(CommandEnvironment& environment, const std::string& cwd) {
  const std::filesystem::path here = cwd.empty() ? "." : cwd;
  std::error_code error;
  const char* const told = environment.find("PWD");
  if (told != nullptr && *told == '/' && std::filesystem::equivalent(told, here, error)) return;
  const std::filesystem::path real = std::filesystem::canonical(here, error);
  if (!error) environment.set("PWD", real.string());
}

/// Of a shell line that only executes a program: its words, and the environment as a shell would
/// leave it. False: it takes a shell.
bool does_without_shell(const Command& command, std::vector<std::string>& arguments,
                        CommandEnvironment& environment) {
  auto words = words_of_simple_command(command.shell, command.shell_arguments);
  if (!words) return false;
  const Lookup found = look_up(words->front(), environment, command.cwd);
  if (found.error != 0 || !is_program(seen_from_here(found.path, command.cwd))) return false;
  tell_directory(environment, command.cwd);
  arguments = std::move(*words);
  return true;
}

/// Of a process that somebody else has reaped, or nobody because the program ignores SIGCHLD. Since
/// Linux 6.15 its pidfd knows; -1 before.
int status_of_reaped(int pidfd) {
  struct Info {  // pidfd_info of <linux/pidfd.h>, which may be older than the kernel
    std::uint64_t mask;
    std::uint64_t cgroup;
    std::uint32_t ids[11];
    std::int32_t exit_code;
  } info{};
  constexpr unsigned long get_info = _IOWR(0xFF, 11, Info);
  constexpr std::uint64_t exit_bit = 1 << 3;
  info.mask = exit_bit;
  if (::ioctl(pidfd, get_info, &info) != 0 || (info.mask & exit_bit) == 0) return -1;
  return info.exit_code;
}

bool is_want_of_resources(int error) {
  return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
}

}  // namespace

bool is_command_group(pid_t group) { return CommandGroups::instance().contains(group); }

void check_command(const Command& command) {
  if (command.argv.empty() == command.shell.empty()) {
    throw std::invalid_argument("a command needs exactly one of argv and shell");
  }
  if (!command.stdin_text.empty() && !command.stdin_file.empty()) {
    throw std::invalid_argument("a command takes stdin_text or stdin_file, not both");
  }
  for (const Output* output : {&command.out, &command.err}) {
    if (output->kind == Output::Kind::file && output->path.empty()) {
      throw std::invalid_argument("a command's output to a file needs its path");
    }
  }
  for (const std::string& argument : arguments_of(command)) {
    if (has_nul(argument))
      throw std::invalid_argument("an argument of a command contains a NUL byte");
  }
  for (const auto& [name, value] : command.env) {
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name) || has_nul(value)) {
      throw std::invalid_argument("'" + name + "' cannot be an environment variable");
    }
  }
}

CommandProcess::CommandProcess(const Command& command, const StandardFds& fds) {
  std::vector<std::string> arguments = arguments_of(command);
  CommandEnvironment environment(command);
  if (!command.shell.empty()) does_without_shell(command, arguments, environment);
  if (!command.cwd.empty() && ::access(command.cwd.c_str(), X_OK) != 0) {
    fail(errno, "change to directory '" + command.cwd + "'");
    return;
  }
  const auto found = look_up(arguments[0], environment, command.cwd);
  if (found.error != 0) {
    fail(found.error, "execute '" + arguments[0] + "'");
    return;
  }

  SpawnedCommand spawned =
      spawn_command({.path = found.path.c_str(),
                     .arguments = wire::pointers_to(arguments).data(),
                     .environment = environment.pointers(),
                     .directory = command.cwd.empty() ? nullptr : command.cwd.c_str(),
                     .fds = fds});
  if (is_want_of_resources(spawned.error)) {
    throw std::system_error(spawned.error, std::generic_category(), "start '" + arguments[0] + "'");
  }
  if (spawned.error != 0) {
    fail(spawned.error, "execute '" + arguments[0] + "'");
    return;
  }
  adopt(std::move(spawned), arguments[0]);
}

void CommandProcess::adopt(SpawnedCommand spawned, const std::string& name) {
  pid_ = spawned.pid;
  CommandGroups::instance().add(pid_);
  pidfd_ = std::move(spawned.pidfd);
  if (!pidfd_) pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (pidfd_ || errno == ESRCH) return;
  const int cause = errno;
  rusage ignored;
  kill();
  reap(ignored);
  throw std::system_error(cause, std::generic_category(), "pidfd_open '" + name + "'");
}

CommandProcess::~CommandProcess() {
  if (!started()) return;
  rusage ignored;
  kill();
  reap(ignored);
}

void CommandProcess::fail(int error, const std::string& what) {
  failure_code_ = error == ENOENT && what.starts_with("execute") ? 127 : 126;
  failure_text_ = "procfarm: cannot " + what + ": " + std::strerror(error) + '\n';
}

void CommandProcess::terminate() {
  ::kill(-pid_, SIGTERM);
  ::kill(-pid_, SIGCONT);
}

void CommandProcess::kill() {
  kill_tree(pid_, 2s);
  ::kill(-pid_, SIGKILL);
}

int CommandProcess::reap(rusage& usage) {
  const pid_t group = std::exchange(pid_, 0);
  // Before the leader is reaped: until then the group's number cannot become somebody else's.
  ::kill(-group, SIGKILL);
  int status = 0;
  pid_t reaped;
  do {
    reaped = ::wait4(group, &status, __WALL, &usage);
  } while (reaped < 0 && errno == EINTR);
  // The rest of the group has come to us if we are a subreaper.
  const auto deadline = std::chrono::steady_clock::now() + 2s;
  pid_t other;
  while ((other = ::waitpid(-group, nullptr, WNOHANG | __WALL)) >= 0) {
    if (std::chrono::steady_clock::now() >= deadline) break;
    if (other == 0) std::this_thread::sleep_for(100us);
  }
  CommandGroups::instance().remove(group);
  return reaped < 0 ? status_of_reaped(pidfd_.get()) : status;
}

}  // namespace procfarm::serving
