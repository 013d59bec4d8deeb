// SPDX-License-Identifier: MIT
// command_environment.cpp - see command_environment.hpp. A command that adds nothing has the same
// dozens of variables as the one before it: they are passed on by pointer.
#include "command_environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace procfarm::serving {
namespace {

/// Of NAME=VALUE; empty if it is none.
std::string_view name_of(const char* entry) {
  const char* const split = std::strchr(entry, '=');
  return split == nullptr ? std::string_view() : std::string_view(entry, split);
}

std::string entry_for(std::string_view name, std::string_view value) {
  std::string entry;
  entry.reserve(name.size() + 1 + value.size());
  return entry.append(name).append(1, '=').append(value);
}

}  // namespace

CommandEnvironment::CommandEnvironment(const Command& command) {
  for (const auto& [name, value] : command.env)
    pointers_.push_back(own_.emplace_back(entry_for(name, value)).data());
  if (!command.env_clear && environ != nullptr) {  // clearenv() leaves none
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string_view name = name_of(*entry);
      const auto named = [name](const std::string& own) { return name_of(own.c_str()) == name; };
      if (!name.empty() && std::none_of(own_.begin(), own_.end(), named))
        pointers_.push_back(*entry);
    }
  }
  pointers_.push_back(nullptr);
}

std::vector<char*>::const_iterator CommandEnvironment::entry_of(std::string_view name) const {
  return std::find_if(pointers_.begin(), pointers_.end() - 1,
                      [name](const char* entry) { return name_of(entry) == name; });
}

const char* CommandEnvironment::find(std::string_view name) const {
  const char* const entry = *entry_of(name);
  return entry == nullptr ? nullptr : entry + name.size() + 1;
}

void CommandEnvironment::set(std::string_view name, std::string_view value) {
  const auto place = pointers_.begin() + (entry_of(name) - pointers_.cbegin());
  char* const entry = own_.emplace_back(entry_for(name, value)).data();
  if (*place != nullptr) {
    *place = entry;
  } else {
    pointers_.insert(place, entry);
  }
}

}  // namespace procfarm::serving
