// SPDX-License-Identifier: MIT
// job.cpp - looking things up in a job.
#include "job.hpp"

#include <algorithm>
#include <filesystem>

namespace procfarm::cli {

bool ArgumentTemplate::is_literal() const {
  if (kind == Kind::text) return text.is_literal();
  return std::all_of(members.begin(), members.end(),
                     [](const auto& member) { return member.second.is_literal(); });
}

Position TaskSpec::position_of(const std::string& key) const {
  const auto found = positions.find(key);
  return found == positions.end() ? position : found->second;
}

const TaskSpec* Job::find(std::string_view task) const {
  const auto found = std::find_if(tasks.begin(), tasks.end(),
                                  [task](const TaskSpec& each) { return each.name == task; });
  return found == tasks.end() ? nullptr : &*found;
}

std::string Job::absolute(const std::string& path) const {
  return (std::filesystem::path(directory) / path).lexically_normal().string();
}

}  // namespace procfarm::cli
