// SPDX-License-Identifier: MIT
// program.cpp - see program.hpp.
#include "program.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <fmt/core.h>

namespace farm {
namespace {

constexpr const char* directory_variable = "PROCFARM_TEST_DIRECTORY";

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& each : strings) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Program::Program(const std::string& test_case, const std::map<std::string, std::string>& env) {
  std::vector<std::string> arguments{"system_tests", "--no-skip", "--minimal=true",
                                     "--test-case=" + test_case};
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    environment.push_back(*variable);
  }
  environment.push_back(std::string(directory_variable) + "=" +
                        std::filesystem::temp_directory_path().string());
  for (const auto& [name, value] : env) environment.push_back(fmt::format("{}={}", name, value));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  const int error = ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr,
                                  pointers_to(arguments).data(), pointers_to(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::system_error(error, std::generic_category(), "posix_spawn");
}

Program::~Program() {
  if (waited_) return;
  kill(SIGKILL);
  wait();
}

void Program::kill(int signal) { ::kill(pid_, signal); }

int Program::wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  waited_ = true;
  return status;
}

void share_directory() {
  std::filesystem::remove_all(std::filesystem::temp_directory_path());  // our own, still unused
  const std::string shared = handed(directory_variable);
  ::setenv("TMPDIR", shared.c_str(), 1);
  ::setenv("XDG_RUNTIME_DIR", shared.c_str(), 1);
}

std::string handed(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) throw std::runtime_error(name + " was not handed over");
  return value;
}

}  // namespace farm
