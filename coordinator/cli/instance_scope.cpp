// SPDX-License-Identifier: MIT
// instance_scope.cpp - names to values, the instance's own variables first.
#include "instance_scope.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace procfarm::cli {

const std::vector<std::string>& always_there_names() {
  static const std::vector<std::string> names{"index", "count",  "attempt", "task",
                                              "run",   "rundir", "worker"};
  return names;
}

bool is_always_there(std::string_view name) {
  const auto& names = always_there_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string reserved_name_message(std::string_view name) {
  return fmt::format("'{}' is always there and cannot be a variable's name", name);
}

bool asks_other_task(Accessor accessor) {
  return accessor == Accessor::result || accessor == Accessor::stdout_text ||
         accessor == Accessor::results || accessor == Accessor::results_file;
}

Value InstanceScope::unset(std::string_view name) const {
  if (unset_as_zero_) return 0;
  return fmt::format("{{{{{}}}}}", name);
}

template <class T>
Value InstanceScope::known_or_unset(const std::optional<T>& value, std::string_view name) const {
  return value ? Value(*value) : unset(name);
}

const Value* InstanceScope::own(std::string_view name) const {
  for (const auto& [field, value] : instance_.row.fields) {
    if (field == name) return &value;
  }
  return nullptr;
}

std::optional<Value> InstanceScope::always_there(std::string_view name) const {
  if (name == "index") return instance_.index;
  if (name == "task") return task_.name;
  if (name == "count") return known_or_unset(context_.count, name);
  if (name == "attempt") return known_or_unset(context_.attempt, name);
  if (name == "run") return known_or_unset(context_.run, name);
  if (name == "rundir") return known_or_unset(context_.rundir, name);
  if (name == "worker") return known_or_unset(context_.worker, name);
  return std::nullopt;
}

Value InstanceScope::of_other_task(const std::string& name, Accessor accessor) const {
  const std::string whole = fmt::format("{}.{}", name, to_string(accessor));
  if (context_.others == nullptr) return unset(whole);
  std::optional<Value> value;
  switch (accessor) {
    case Accessor::result: value = context_.others->result(name, instance_.index); break;
    case Accessor::stdout_text: value = context_.others->stdout_text(name, instance_.index); break;
    case Accessor::results: value = context_.others->results(name); break;
    default: value = context_.others->results_file(name); break;
  }
  if (value) return *std::move(value);
  throw JobError(task_.position,
                 fmt::format("{} needs '{}', {}", instance_name(task_, instance_.index), whole,
                             context_.others->why_absent(name, instance_.index)));
}

/// The names were checked before the run, but rows of JSON need not all have the same.
JobError InstanceScope::missing_member(std::string_view name) const {
  const Foreach& data = *task_.data;
  const std::string message =
      fmt::format("'{}' is not there, which task '{}' uses", name, task_.name);
  if (data.path.empty()) {
    return {data.position, fmt::format("value {}: {}", instance_.row.line, message)};
  }
  return {{.file = data.path == "-" ? "standard input" : data.path,
           .line = static_cast<int>(instance_.row.line)},
          message};
}

std::optional<Value> InstanceScope::lookup(std::string_view name, Accessor accessor) const {
  const Value* value = own(name);
  if (accessor == Accessor::none) {
    std::optional<Value> found = value != nullptr ? *value : always_there(name);
    if (!found && task_.data) throw missing_member(name);
    return found;
  }
  if (!asks_other_task(accessor) || value != nullptr) return std::nullopt;
  return of_other_task(std::string(name), accessor);
}

}  // namespace procfarm::cli
