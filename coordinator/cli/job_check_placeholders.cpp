// SPDX-License-Identifier: MIT
// job_check_placeholders.cpp - every placeholder must be filled by somebody: the task's own data,
// the names that are always there, or a task it needs.
#include <algorithm>

#include <fmt/format.h>

#include "instance.hpp"
#include "instance_scope.hpp"
#include "job_check.hpp"

namespace procfarm::cli {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string whole_name(const Reference& reference) {
  const std::string_view accessor = to_string(reference.accessor);
  return accessor.empty() ? reference.name : fmt::format("{}.{}", reference.name, accessor);
}

const Need* find_need(const TaskSpec& task, const std::string& name) {
  const auto found = std::find_if(task.needs.begin(), task.needs.end(),
                                  [&name](const Need& need) { return need.task == name; });
  return found == task.needs.end() ? nullptr : &*found;
}

/// A matrix's own entries of include need not have the names of its other combinations.
void check_all_have(const TaskSpec& task, const Reference& reference) {
  if (!task.matrix) return;
  const std::vector<Value>& combinations = task.matrix->combinations;
  const auto lacks =
      std::find_if(combinations.begin(), combinations.end(),
                   [&reference](const Value& each) { return !each.contains(reference.name); });
  if (lacks == combinations.end()) return;
  std::string members;
  for (const auto& [name, value] : lacks->items()) {
    members += fmt::format("{}{} = {}", members.empty() ? "" : ", ", name, json_text(value));
  }
  throw JobError(reference.position,
                 fmt::format("'{}' is not in every combination of task '{}': {{ {} }} lacks it",
                             reference.name, task.name, members),
                 "an entry of include can add it");
}

}  // namespace

/// A header that another task still has to write cannot be read now; and an empty list of values
/// does not tell which members they would have had.
std::optional<std::vector<std::string>> JobChecker::names_now(const TaskSpec& task) const {
  if (task.data && task.data->is_text() && task.data->kind != ForeachKind::lines &&
      is_written(job_.absolute(task.data->path))) {
    return std::nullopt;
  }
  if (task.data && task.data->kind == ForeachKind::values && task.data->values.empty()) {
    return std::nullopt;
  }
  return own_names(job_, task);
}

void JobChecker::check_placeholders(const TaskSpec& task) const {
  const auto own = names_now(task);
  for_each_template(task, [&](const Template& text, std::string_view) {
    for (const Reference& reference : text.references()) check_reference(task, reference, own);
  });
  if (task.is_repeated()) check_own_paths(task, own);
}

void JobChecker::check_reference(const TaskSpec& task, const Reference& reference,
                                 const std::optional<std::vector<std::string>>& own) const {
  const bool is_own = own && contains(*own, reference.name);
  if (asks_other_task(reference.accessor)) {
    if (!is_own) return check_task_reference(task, reference);
    throw JobError(reference.position,
                   fmt::format("'{}' is a variable of task '{}' itself and has no {}",
                               reference.name, task.name, to_string(reference.accessor)),
                   "rename the variable to reach the task of that name");
  }
  if (!is_own && reference.name == "count" && is_read_once(job_, task)) {
    throw JobError(
        reference.position,
        fmt::format("'count' is not known in task '{}': its data is read only once", task.name));
  }
  if (is_own) return check_all_have(task, reference);
  if (!own) return;
  if (!is_always_there(reference.name)) refuse_unknown(task, reference, *own);
  if (reference.accessor != Accessor::none && reference.name != "rundir") {
    throw JobError(reference.position, fmt::format("'{}' is no path", reference.name));
  }
}

void JobChecker::check_task_reference(const TaskSpec& task, const Reference& reference) const {
  const std::string whole = whole_name(reference);
  const auto other = known_.find(reference.name);
  if (find_need(task, reference.name) == nullptr) {
    if (other == known_.end()) refuse_unknown(task, reference, {});
    throw JobError(reference.position,
                   fmt::format("'{}' in task '{}': '{}' is not among its needs", whole, task.name,
                               reference.name),
                   fmt::format("write needs = [\"{}\"]", reference.name));
  }
  if (reference.accessor != Accessor::stdout_text && !other->second.is_function) {
    throw JobError(reference.position,
                   fmt::format("'{}' in task '{}': '{}' is no function and has no result", whole,
                               task.name, reference.name),
                   fmt::format("what it printed is {{{{{}.stdout}}}}", reference.name));
  }
  if (reference.accessor == Accessor::stdout_text) check_captured(task, reference, other->second);
  if (reference.accessor == Accessor::results || !other->second.repeated) return;
  if (!task.is_repeated()) {
    throw JobError(
        reference.position,
        fmt::format("'{}' in task '{}': '{}' has many instances", whole, task.name, reference.name),
        reference.accessor == Accessor::result
            ? fmt::format("{{{{{}.results}}}} is the list of them all", reference.name)
            : "a task that is repeated too has the one of its own index");
  }
}

void JobChecker::check_captured(const TaskSpec& task, const Reference& reference,
                                const Known& other) const {
  if (other.output != TargetKind::none && other.output != TargetKind::file) return;
  const bool is_file = other.output == TargetKind::file;
  throw JobError(
      reference.position,
      fmt::format("'{}' in task '{}': what '{}' prints goes {}", whole_name(reference), task.name,
                  reference.name, is_file ? "into a file" : "nowhere, as its stdout is \"none\""),
      is_file ? "name that file instead" : "leave out its stdout, or write \"capture\"");
}

void JobChecker::refuse_unknown(const TaskSpec& task, const Reference& reference,
                                const std::vector<std::string>& own) const {
  std::vector<std::string> candidates = always_there_names();
  for (const std::string& name : own) {
    candidates.push_back(name);
    for (const char* part : {".stem", ".name", ".dir", ".ext"}) candidates.push_back(name + part);
  }
  for (const Need& need : task.needs) {
    for (const char* part : {".result", ".stdout", ".results"}) {
      candidates.push_back(need.task + part);
    }
  }
  const std::string whole = whole_name(reference);
  throw JobError(reference.position,
                 fmt::format("unknown placeholder '{}' in task '{}'", whole, task.name),
                 suggest(whole, candidates));
}

void JobChecker::check_own_paths(const TaskSpec& task,
                                 const std::optional<std::vector<std::string>>& own) const {
  const auto differs = [&own](const Reference& reference) {
    if (asks_other_task(reference.accessor) || reference.name == "index") return true;
    if (own) return contains(*own, reference.name);
    return !is_always_there(reference.name);
  };
  const auto check_path = [&](const Template& path, std::string_view key) {
    const auto& references = path.references();
    if (std::any_of(references.begin(), references.end(), differs)) return;
    if (path.source().rfind("/dev/", 0) == 0) return;
    throw JobError(
        path.position(),
        fmt::format("'{}' of task '{}' is the same path for all its instances", key, task.name),
        "put {{index}} or one of its variables into it");
  };
  const auto check_stream = [&](const std::optional<OutputTarget>& target, const char* key) {
    if (target && target->kind == TargetKind::file) check_path(target->path, key);
  };
  check_stream(task.standard_output, "stdout");
  check_stream(task.standard_error, "stderr");
  for (const Template& path : task.outputs) check_path(path, "outputs");
}

}  // namespace procfarm::cli
