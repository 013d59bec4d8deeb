// SPDX-License-Identifier: MIT
// job_reader.cpp - the table of a task's keys, and the rules about which keys go together.
#include "job_reader.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "job_defaults.hpp"
#include "job_fields.hpp"

namespace procfarm::cli {
namespace {

constexpr int most_places = 1'000'000;

/// A key that is read by itself.
struct Field {
  const char* name;
  void (*read)(const Node& node, TaskSpec& task);
};

Duration read_positive_duration(const Node& node, std::string_view key) {
  const Duration duration = read_duration(node, key);
  if (duration <= Duration::zero()) refuse(node, key, "a duration greater than 0");
  return duration;
}

void read_shell(const Node& node, TaskSpec& task) {
  task.action.kind = ActionKind::shell;
  task.action.shell = read_template(node, "shell", TemplateKind::shell);
  if (task.action.shell.source().empty()) throw JobError(node.position, "'shell': is empty");
}

void read_priority(const Node& node, TaskSpec& task) {
  task.priority = static_cast<int>(read_integer(node, "priority", std::numeric_limits<int>::min(),
                                                std::numeric_limits<int>::max()));
}

void read_memory(const Node& node, TaskSpec& task) {
  task.memory = read_size(node, "memory");
  if (task.memory == 0) refuse(node, "memory", "a size greater than 0");
}

void read_pool(const Node& node, TaskSpec& task) {
  task.pool = read_text(node, "pool");
  check_name(task.pool, node.position, "pool");
}

void read_tags(const Node& node, TaskSpec& task) {
  for (const NodeMember& tag : read_list(node, "tags", "a list such as [\"nightly\"]")) {
    task.tags.push_back(read_text(tag.value, "tags"));
    check_name(task.tags.back(), tag.value.position, "tag");
  }
}

std::vector<Template> read_paths(const Node& node, std::string_view key) {
  std::vector<Template> paths;
  for (const NodeMember& path : read_list(node, key, "a list of paths")) {
    paths.push_back(read_path(path.value, key));
  }
  return paths;
}

/// All keys but name and foreach, matrix, include, exclude.
const Field fields[] = {
    {"command", [](const Node& node, TaskSpec& task) { read_command(node, task.action); }},
    {"shell", read_shell},
    {"function", [](const Node& node, TaskSpec& task) { read_function(node, task.action); }},
    {"args", [](const Node& node, TaskSpec& task) { read_arguments(node, task.action); }},
    {"needs", [](const Node& node, TaskSpec& task) { task.needs = read_needs(node); }},
    {"when",
     [](const Node& node, TaskSpec& task) {
       task.when = static_cast<When>(read_word(node, "when", {"success", "failure", "always"}));
     }},
    {"retries", [](const Node& node, TaskSpec& task) { task.retries = read_retries(node); }},
    {"timeout", [](const Node& node,
                   TaskSpec& task) { task.timeout = read_positive_duration(node, "timeout"); }},
    {"grace", [](const Node& node, TaskSpec& task) { task.grace = read_duration(node, "grace"); }},
    {"ok_exit", [](const Node& node, TaskSpec& task) { task.ok_exit = read_ok_exit(node); }},
    {"env", [](const Node& node, TaskSpec& task) { task.env = read_env(node); }},
    {"env_clear",
     [](const Node& node, TaskSpec& task) { task.env_clear = read_boolean(node, "env_clear"); }},
    {"cwd", [](const Node& node, TaskSpec& task) { task.cwd = read_path(node, "cwd"); }},
    {"stdin", [](const Node& node, TaskSpec& task) { task.input = read_input(node); }},
    {"stdout",
     [](const Node& node, TaskSpec& task) { task.standard_output = read_output(node, "stdout"); }},
    {"stderr",
     [](const Node& node, TaskSpec& task) { task.standard_error = read_output(node, "stderr"); }},
    {"outputs",
     [](const Node& node, TaskSpec& task) { task.outputs = read_paths(node, "outputs"); }},
    {"inputs", [](const Node& node, TaskSpec& task) { task.inputs = read_paths(node, "inputs"); }},
    {"skip_if",
     [](const Node& node, TaskSpec& task) {
       task.skip_if = read_word(node, "skip_if", {"outputs-exist", "up-to-date"}) == 0
                          ? SkipIf::outputs_exist
                          : SkipIf::up_to_date;
     }},
    {"cpus",
     [](const Node& node, TaskSpec& task) {
       task.cpus = static_cast<int>(read_integer(node, "cpus", 1, most_places));
     }},
    {"memory", read_memory},
    {"pool", read_pool},
    {"priority", read_priority},
    {"tags", read_tags},
};

const std::vector<std::string>& task_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> names{"name", "foreach", "matrix", "include", "exclude"};
    for (const Field& field : fields) names.emplace_back(field.name);
    return names;
  }();
  return keys;
}

/// How a task is called while its keys are still to be checked, its name among them.
std::string called(const Node& table, const std::string& kind, const std::string& fallback) {
  const Node* name = table.find("name");
  std::string known = fallback;
  if (name != nullptr)
    known = name->kind == Node::Kind::text ? name->scalar.get<std::string>() : "";
  return is_name(known) ? fmt::format("{} '{}'", kind, known) : kind;
}

void read_name(const Node& table, const std::string& kind, const std::string& fallback,
               TaskSpec& task) {
  const Node* name = table.find("name");
  if (name == nullptr) {
    if (fallback.empty()) {
      throw JobError(table.position, fmt::format("a {} without a name", kind),
                     "write name = \"...\"");
    }
    task.name = fallback;
    return;
  }
  task.name = read_text(*name, "name");
  check_name(task.name, name->position, "task");
  if (task.name == "failed") {
    throw JobError(name->position, "'failed' cannot be a task's name: it selects all that failed");
  }
}

void read_repetition(const Node& table, TaskSpec& task) {
  const Node* data = table.find("foreach");
  const Node* matrix = table.find("matrix");
  const Node* include = table.find("include");
  const Node* exclude = table.find("exclude");
  const Node* combined = matrix != nullptr ? matrix : include;
  if (data != nullptr && combined != nullptr) {
    throw JobError(combined->position,
                   fmt::format("task '{}' has both foreach and {}", task.name,
                               matrix != nullptr ? "matrix" : "include"),
                   "use one of them");
  }
  if (matrix == nullptr && exclude != nullptr) {
    throw JobError(exclude->position,
                   fmt::format("'exclude' without 'matrix' in task '{}'", task.name));
  }
  if (data != nullptr) task.data = read_foreach(*data);
  if (combined != nullptr) task.matrix = read_matrix(matrix, include, exclude);
}

/// From [defaults] it is for the others.
void check_function_keys(const Node& table) {
  const Node* codes = table.find("ok_exit");
  if (table.find("function") == nullptr || codes == nullptr) return;
  throw JobError(codes->position, "'ok_exit' has no effect on a function: it has no exit code",
                 "a function that throws has failed, any other has succeeded");
}

void check_action(const Node& table, const TaskSpec& task) {
  const NodeMember* action = nullptr;
  for (const NodeMember& member : table.members) {
    if (member.name != "command" && member.name != "shell" && member.name != "function") continue;
    if (action != nullptr) {
      throw JobError(
          member.position,
          fmt::format("task '{}' has both {} and {}", task.name, action->name, member.name),
          "exactly one of command, shell and function");
    }
    action = &member;
  }
  if (action == nullptr) {
    throw JobError(task.position, fmt::format("task '{}' does nothing", task.name),
                   "exactly one of command, shell and function");
  }
  if (const Node* arguments = table.find("args"); arguments && action->name != "function") {
    throw JobError(arguments->position,
                   fmt::format("'args' without 'function' in task '{}'", task.name));
  }
}

void read_modules(const Node& node, Job& job) {
  for (const NodeMember& member : read_table(node, "modules")) {
    const std::string key = "modules." + member.name;
    check_name(member.name, member.position, "module");
    if (member.name.find('.') != std::string::npos) {
      throw JobError(member.position, fmt::format("'{}' is no name for a module", member.name),
                     "without a dot: \"module.function\" is cut there");
    }
    const std::string path = read_text(member.value, key);
    if (path.empty()) throw JobError(member.value.position, fmt::format("'{}': is empty", key));
    job.modules[member.name] = Module{path, member.value.position};
  }
}

void read_pools(const Node& node, Job& job) {
  for (const NodeMember& member : read_table(node, "pools")) {
    check_name(member.name, member.position, "pool");
    const std::int64_t limit = read_integer(member.value, "pools." + member.name, 1, most_places);
    job.pools[member.name] = static_cast<int>(limit);
  }
}

void check_defaults(const Node& node) {
  read_table(node, "defaults");
  check_keys(node, task_keys(), "[defaults]");
  for (const NodeMember& member : node.members) {
    if (member.name != "name") continue;
    throw JobError(member.position, "'name' cannot have a default: every task has its own");
  }
  // Also when no task uses them: a wrong value is wrong anyway.
  TaskSpec scratch;
  for (const Field& field : fields) {
    if (const Node* value = node.find(field.name)) field.read(*value, scratch);
  }
}

}  // namespace

const std::vector<std::string>& job_keys() {
  static const std::vector<std::string> keys{"name", "defaults", "modules", "pools"};
  return keys;
}

void read_job_tables(const Node& root, Job& job) {
  for (const NodeMember& member : root.members) {
    if (member.name != "slurm") continue;
    throw JobError(member.position, "[slurm] is not supported yet",
                   "remove it: the job runs on this machine");
  }
  std::vector<std::string> known = job_keys();
  known.emplace_back("task");
  check_keys(root, known, "the job");
  if (const Node* name = root.find("name")) {
    job.name = read_text(*name, "name");
    if (job.name.empty() || job.name != escape_control(job.name)) {
      throw JobError(name->position, "'name': is empty or has control characters");
    }
  }
  if (const Node* modules = root.find("modules")) read_modules(*modules, job);
  if (const Node* pools = root.find("pools")) read_pools(*pools, job);
  if (const Node* defaults = root.find("defaults")) check_defaults(*defaults);
}

TaskSpec read_task(const Node& table, const Node* defaults, const std::string& kind,
                   const std::string& fallback_name) {
  TaskSpec task;
  task.position = table.position;
  read_table(table, kind);
  check_keys(table, task_keys(), called(table, kind, fallback_name));  // the name may be misspelt
  read_name(table, kind, fallback_name, task);
  const Node merged = with_defaults(table, defaults);
  check_action(merged, task);
  check_function_keys(table);
  for (const NodeMember& member : merged.members) {
    task.positions[member.name] = member.value.position;
    for (const Field& field : fields) {
      if (member.name == field.name) field.read(member.value, task);
    }
  }
  read_repetition(merged, task);
  return task;
}

}  // namespace procfarm::cli
