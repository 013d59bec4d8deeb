// SPDX-License-Identifier: MIT
// command_environment.hpp - the environment variables of a command: its own before those of this
// process, which are not copied.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <procfarm/command.hpp>

namespace procfarm::serving {

/// Valid as long as nobody changes the environment of this process. One thread at a time.
class CommandEnvironment {
 public:
  explicit CommandEnvironment(const Command& command);
  CommandEnvironment(const CommandEnvironment&) = delete;
  CommandEnvironment& operator=(const CommandEnvironment&) = delete;

  /// The value of a variable; nullptr if it is not set.
  const char* find(std::string_view name) const;
  void set(std::string_view name, std::string_view value);
  /// As exec wants them, with a null at the end. Until the next set().
  char* const* pointers() const { return pointers_.data(); }

 private:
  std::vector<char*>::const_iterator entry_of(std::string_view name) const;

  std::deque<std::string> own_;  // NAME=VALUE, each in its place
  std::vector<char*> pointers_;
};

}  // namespace procfarm::serving
