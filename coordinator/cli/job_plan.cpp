// SPDX-License-Identifier: MIT
// job_plan.cpp - walks over all instances and writes down what resolve() says of each.
#include "job_plan.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "instance.hpp"

namespace procfarm::cli {
namespace {

/// A word as one would write it in a shell.
std::string quoted(const std::string& word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_{}";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string text = "'";
  for (const char character : word) {
    if (character == '\'') {
      text += "'\\''";
    } else {
      text += character;
    }
  }
  return text + "'";
}

std::string action_text(const TaskSpec& task, const Resolved& resolved) {
  std::string text;
  switch (resolved.kind) {
    case ActionKind::command:
      for (const std::string& word : resolved.argv)
        text += (text.empty() ? "" : " ") + quoted(word);
      return text;
    case ActionKind::shell:
      text = "sh -c " + quoted(resolved.shell);
      if (!resolved.parameters.empty()) text += " procfarm";
      for (const std::string& parameter : resolved.parameters) text += " " + quoted(parameter);
      return text;
    case ActionKind::function: break;
  }
  for (const auto& [name, value] : resolved.arguments) {
    text += (text.empty() ? "" : ", ") + (name.empty() ? "" : name + " = ") + json_text(value);
  }
  return fmt::format("{}.{}({})", task.action.module, resolved.function, text);
}

std::string redirection_text(const Resolved& resolved) {
  std::string text;
  if (resolved.input == InputKind::file) text += " < " + quoted(resolved.input_content);
  const auto add = [&text](const std::optional<ResolvedOutput>& output, const char* sign) {
    if (output && output->kind == TargetKind::file) text += sign + quoted(output->path);
  };
  add(resolved.standard_output, " > ");
  add(resolved.standard_error, " 2> ");
  return text;
}

std::string_view match_word(Match match) { return match == Match::same ? "same" : "all"; }

std::string task_text(const TaskSpec& task, std::optional<std::uint64_t> count) {
  std::string text = task.name;
  if (task.is_repeated() && count) text += fmt::format(" x {}", *count);
  for (std::size_t i = 0; i < task.needs.size(); ++i) {
    const Need& need = task.needs[i];
    text += fmt::format("{}{}{}", i == 0 ? "  after " : ", ", need.task,
                        need.match == Match::same ? " (same index)" : "");
  }
  return text;
}

/// What an instance does, or what is wrong with it.
struct Shown {
  std::optional<Resolved> resolved{};
  std::string error{};
};

Shown show(const Job& job, const TaskSpec& task, const Instance& instance,
           std::optional<std::uint64_t> count) {
  ResolveContext context;
  context.count = count;
  try {  // a bad row is an error of its instance only
    return {resolve(job, task, instance, context), {}};
  } catch (const JobError& error) {
    return {std::nullopt, error.what()};
  }
}

/// Calls `visit(instance, count)` for every instance that the filter lets through. The reason if
/// the data cannot be read: another task may have to write it first.
template <class Visitor>
std::string walk(const Job& job, const TaskSpec& task, const PlanFilter& filter, Visitor visit) {
  try {
    InstanceStream stream(job, task);
    const auto count = stream.count();
    while (const auto instance = stream.next()) {
      if (!filter || filter(task, instance->index)) visit(*instance, count);
    }
  } catch (const JobError& error) {
    return error.what();
  }
  return {};
}

std::optional<std::uint64_t> count_of(const Job& job, const TaskSpec& task) {
  if (task.matrix) return task.matrix->combinations.size();
  if (!task.data || is_read_once(job, task)) return std::nullopt;
  try {
    return InstanceStream(job, task).count();
  } catch (const JobError&) {
    return std::nullopt;  // told where the instances would be
  }
}

Value input_json(const Resolved& resolved) {
  if (resolved.input == InputKind::none) return nullptr;
  if (resolved.input == InputKind::text) return resolved.input_content;
  Value file = Value::object();
  file["file"] = resolved.input_content;
  return file;
}

Value output_json(const std::optional<ResolvedOutput>& output) {
  if (!output) return nullptr;
  switch (output->kind) {
    case TargetKind::capture: return "capture";
    case TargetKind::show: return "show";
    case TargetKind::none: return "none";
    case TargetKind::file: break;
  }
  return output->path;
}

void add_action(const TaskSpec& task, const Resolved& resolved, Value& line) {
  switch (resolved.kind) {
    case ActionKind::command: line["command"] = resolved.argv; return;
    case ActionKind::shell:
      line["shell"] = resolved.shell;
      line["parameters"] = resolved.parameters;
      return;
    case ActionKind::function: break;
  }
  line["function"] = task.action.module + "." + resolved.function;
  line["module"] = resolved.module;
  Value arguments = resolved.by_name ? Value::object() : Value::array();
  for (const auto& [name, value] : resolved.arguments) {
    if (resolved.by_name) {
      arguments[name] = value;
    } else {
      arguments.push_back(value);
    }
  }
  line["args"] = std::move(arguments);
}

void add_limits(const TaskSpec& task, Value& line) {
  constexpr double nanoseconds_in_a_second = 1e9;
  if (task.timeout) {
    line["timeout"] = static_cast<double>(task.timeout->count()) / nanoseconds_in_a_second;
  }
  if (task.retries) line["retries"] = task.retries->count;
  if (task.cpus) line["cpus"] = *task.cpus;
  if (task.memory) line["memory"] = *task.memory;
  if (!task.pool.empty()) line["pool"] = task.pool;
  if (task.priority != 0) line["priority"] = task.priority;
  if (!task.tags.empty()) line["tags"] = task.tags;
}

Value instance_json(const TaskSpec& task, const Instance& instance, const Shown& shown) {
  Value line = Value::object();
  line["name"] = instance_name(task, instance.index);
  line["task"] = task.name;
  line["index"] = instance.index;
  for (const auto& [name, value] : instance.row.fields) line["values"][name] = value;
  Value needs = Value::array();
  for (const Need& need : task.needs) {
    Value entry = Value::object();
    entry["task"] = need.task;
    entry["match"] = match_word(need.match);
    needs.push_back(std::move(entry));
  }
  line["needs"] = std::move(needs);
  if (!shown.resolved) {
    line["error"] = shown.error;
    return line;
  }
  const Resolved& resolved = *shown.resolved;
  add_action(task, resolved, line);
  line["env"] = Value::object();
  for (const auto& [name, value] : resolved.env) line["env"][name] = value;
  line["cwd"] = resolved.cwd;
  line["stdin"] = input_json(resolved);
  line["stdout"] = output_json(resolved.standard_output);
  line["stderr"] = output_json(resolved.standard_error);
  line["outputs"] = resolved.outputs;
  line["inputs"] = resolved.inputs;
  add_limits(task, line);
  return line;
}

}  // namespace

bool plan_text(const Job& job, const PlanSink& sink, const PlanFilter& filter) {
  bool all_good = true;
  for (const TaskSpec& task : job.tasks) {
    sink(task_text(task, count_of(job, task)) + "\n");
    const auto visit = [&](const Instance& instance, std::optional<std::uint64_t> count) {
      const Shown shown = show(job, task, instance, count);
      all_good = all_good && shown.resolved;
      const std::string what =
          shown.resolved ? action_text(task, *shown.resolved) + redirection_text(*shown.resolved)
                         : "error: " + shown.error;
      sink(fmt::format("  {}  {}\n", instance_name(task, instance.index), escape_control(what)));
    };
    const std::string trouble = walk(job, task, filter, visit);
    if (!trouble.empty()) sink("  not known yet: " + trouble + "\n");
  }
  return all_good;
}

bool plan_json(const Job& job, const PlanSink& sink, const PlanFilter& filter) {
  bool all_good = true;
  for (const TaskSpec& task : job.tasks) {
    const auto visit = [&](const Instance& instance, std::optional<std::uint64_t> count) {
      const Shown shown = show(job, task, instance, count);
      all_good = all_good && shown.resolved;
      sink(json_text(instance_json(task, instance, shown)) + "\n");
    };
    const std::string trouble = walk(job, task, filter, visit);
    if (trouble.empty()) continue;
    Value line = Value::object();
    line["task"] = task.name;
    line["error"] = trouble;
    sink(json_text(line) + "\n");
  }
  return all_good;
}

}  // namespace procfarm::cli
