// SPDX-License-Identifier: MIT
// call_surroundings.cpp - see call_surroundings.hpp.
#include "call_surroundings.hpp"

#include <fcntl.h>
#include <stdio_ext.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <system_error>

#include <procfarm/wire/packet.hpp>

#include "memory_watch.hpp"

namespace procfarm::serving {

namespace {

std::system_error system_failure(const std::string& what) {
  return std::system_error(errno, std::generic_category(), what);
}

/// The entry of the environment for that name, null if there is none.
char* entry_of(const std::string& name) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, name.c_str(), name.size()) == 0 && (*entry)[name.size()] == '=') {
      return *entry;
    }
  }
  return nullptr;
}

/// What an earlier call has read ahead is not this one's, nor is the end that it came to.
void forget_what_was_read() {
  ::__fpurge(stdin);
  std::clearerr(stdin);
  std::cin.clear();
}

}  // namespace

CallSurroundings::CallSurroundings(const ExportCall& call) {
  try {  // a half-built object is not destroyed
    if (!call.cwd.empty()) enter(call.cwd);
    set_environment(call);
    set_input(call);
    if (call.memory > 0) watch_ = std::make_unique<MemoryWatch>(call.memory);
  } catch (...) {
    restore();
    throw;
  }
}

CallSurroundings::~CallSurroundings() {
  watch_.reset();
  restore();
}

void CallSurroundings::enter(const std::string& path) {
  directory_.reset(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (::chdir(path.c_str()) != 0) throw system_failure("chdir " + path);
}

void CallSurroundings::set_environment(const ExportCall& call) {
  if (call.env_clear) {
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
      if (std::strchr(*entry, '=') != nullptr) before_.push_back(*entry);
    }
    cleared_ = true;
    ::clearenv();
  }
  for (const auto& [name, value] : call.env) {
    if (!cleared_) {
      char* const old = entry_of(name);
      if (old != nullptr) before_.push_back(old);
      if (old == nullptr) added_.push_back(name);
    }
    std::string& variable = variables_.emplace_back(name);
    variable += '=';
    variable += value;
    ::putenv(variable.data());
  }
}

void CallSurroundings::set_input(const ExportCall& call) {
  if (call.stdin_text.empty() && call.stdin_file.empty()) return;
  wire::UniqueFd input;
  if (!call.stdin_file.empty()) {
    input.reset(::open(call.stdin_file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!input) throw system_failure("open '" + call.stdin_file + "'");
  } else {
    input = wire::make_memory_file("procfarm-stdin", call.stdin_text);
    ::lseek(input.get(), 0, SEEK_SET);
  }
  input_ = wire::duplicate_above(STDIN_FILENO, STDERR_FILENO + 1);
  if (::dup2(input.get(), STDIN_FILENO) < 0) throw system_failure("dup2");
  forget_what_was_read();
}

void CallSurroundings::restore() {
  if (input_) {
    ::dup2(input_.get(), STDIN_FILENO);
    forget_what_was_read();
  }
  if (cleared_) ::clearenv();
  for (const std::string& name : added_) ::unsetenv(name.c_str());
  for (char* entry : before_) ::putenv(entry);
  if (directory_) [[maybe_unused]]
    const int result = ::fchdir(directory_.get());
}

}  // namespace procfarm::serving
