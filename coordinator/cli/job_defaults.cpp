// SPDX-License-Identifier: MIT
// job_defaults.cpp - a default gives way to the task's own key, and to one that excludes it.
#include "job_defaults.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace procfarm::cli {
namespace {

/// A task that writes one of `deciders` gets no default for any of `keys`.
struct Alternatives {
  std::vector<std::string> deciders;
  std::vector<std::string> keys;
};

const std::vector<Alternatives>& alternatives() {
  static const std::vector<Alternatives> groups{
      {{"command", "shell", "function"}, {"command", "shell", "function", "args"}},
      {{"foreach", "matrix"}, {"foreach", "matrix", "include", "exclude"}},
      {{"include"}, {"foreach"}}};
  return groups;
}

bool is_set_aside(const std::string& key, const Node& task) {
  if (task.find(key) != nullptr) return true;
  for (const auto& [deciders, keys] : alternatives()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) continue;
    for (const std::string& decider : deciders) {
      if (task.find(decider) != nullptr) return true;
    }
  }
  return false;
}

/// The task's variables, and those of the defaults that it does not set itself.
void merge_env(Node& own, const Node& fallback) {
  if (own.kind != Node::Kind::table || fallback.kind != Node::Kind::table) return;
  std::vector<NodeMember> merged;
  for (const NodeMember& variable : fallback.members) {
    if (own.find(variable.name) == nullptr) merged.push_back(variable);
  }
  merged.insert(merged.end(), own.members.begin(), own.members.end());
  own.members = std::move(merged);
}

}  // namespace

Node with_defaults(const Node& task, const Node* defaults) {
  Node merged = task;
  if (defaults == nullptr) return merged;
  for (const NodeMember& member : defaults->members) {
    if (!is_set_aside(member.name, task)) merged.members.push_back(member);
  }
  const Node* fallback = defaults->find("env");
  for (NodeMember& member : merged.members) {
    if (fallback != nullptr && member.name == "env") merge_env(member.value, *fallback);
  }
  return merged;
}

}  // namespace procfarm::cli
