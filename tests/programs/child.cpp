// SPDX-License-Identifier: MIT
// child.cpp - posix_spawn, and waitpid.
#include "child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace programs {
namespace {

constexpr mode_t file_mode = 0600;

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& each : strings) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Servers lie in /usr/sbin, which is not in everyone's PATH.
std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  std::string folders = std::string(path != nullptr ? path : "") + ":/usr/sbin:/sbin:";
  for (std::size_t end; (end = folders.find(':')) != std::string::npos; folders.erase(0, end + 1)) {
    std::string file = folders.substr(0, end) + "/" + name;
    if (::access(file.c_str(), X_OK) == 0) return file;
  }
  throw std::runtime_error("there is no program " + name);
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

std::vector<std::string> with_ours(std::vector<std::string> added) {
  for (char** variable = environ; *variable != nullptr; ++variable) added.emplace_back(*variable);
  return added;
}

}  // namespace

Child::Child(const ScratchDirectory& directory, std::vector<std::string> argv,
             std::vector<std::string> environment)
    : name_(std::filesystem::path(argv.at(0)).filename()), directory_(directory) {
  argv[0] = find_program(argv[0]);
  std::vector<std::string> whole = with_ours(std::move(environment));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  const std::string out = directory / (name_ + ".out");
  const std::string err = directory / (name_ + ".err");
  constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC;
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), flags, file_mode);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), flags, file_mode);
  ::posix_spawn_file_actions_addchdir_np(&actions, directory.path().c_str());
  const int error = ::posix_spawn(&pid_, argv[0].c_str(), &actions, nullptr,
                                  pointers_to(argv).data(), pointers_to(whole).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::system_error(error, std::generic_category(), "posix_spawn " + argv[0]);
}

Child::~Child() {
  if (ended_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Child::send(int signal) const { ::kill(pid_, signal); }
std::string Child::out() const { return read_file(directory_ / (name_ + ".out")); }
std::string Child::err() const { return read_file(directory_ / (name_ + ".err")); }

bool Child::runs() {
  if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return !ended_;
}

Ending Child::wait() {
  if (!ended_) {
    while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) continue;
    ended_ = true;
  }
  constexpr int signal_base = 128;
  return {.exit_code = WIFEXITED(status_) ? WEXITSTATUS(status_) : signal_base + WTERMSIG(status_),
          .out = out(),
          .err = err()};
}

Ending run_example(const ScratchDirectory& directory, const std::string& name,
                   std::vector<std::string> arguments, std::vector<std::string> environment) {
  arguments.insert(arguments.begin(), example(name));
  return Child(directory, std::move(arguments), std::move(environment)).wait();
}

std::string example(const std::string& name) { return variable("PROCFARM_EXAMPLES") + "/" + name; }
std::string tool() { return variable("PROCFARM_TOOL"); }

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace programs
