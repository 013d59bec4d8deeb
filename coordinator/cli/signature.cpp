// SPDX-License-Identifier: MIT
// signature.cpp - a task's arguments against a function's parameters.
#include "signature.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "argument_type.hpp"

namespace procfarm::cli {
namespace {

std::string parameters_text(const FunctionSignature& function) {
  std::string text;
  for (const Parameter& parameter : function.parameters) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", parameter.name, parameter.type);
  }
  return text;
}

std::string whole_name(const TaskSpec& task) {
  return task.action.module + "." + task.action.function;
}

const FunctionSignature& find_function(const TaskSpec& task,
                                       const std::vector<FunctionSignature>& functions) {
  constexpr std::size_t most_names = 20;
  std::vector<std::string> names;
  for (const FunctionSignature& function : functions) {
    if (function.name == task.action.function) return function;
    names.push_back(function.name);
  }
  const std::string nearest = suggest(task.action.function, names);
  std::string advice = nearest.empty() ? "" : nearest + " ";
  if (names.empty()) advice += "it exports none";
  for (std::size_t i = 0; i < names.size() && i < most_names; ++i) {
    advice += (i == 0 ? "it has: " : ", ") + names[i];
  }
  if (names.size() > most_names) advice += ", ...";
  throw JobError(
      task.position_of("function"),
      fmt::format("unknown function '{}' in module '{}'", task.action.function, task.action.module),
      advice);
}

void check_arity(const TaskSpec& task, const FunctionSignature& function) {
  const std::size_t wanted = function.parameters.size();
  const std::size_t given = task.action.arguments.size();
  if (wanted == given) return;
  throw JobError(task.position_of("args"),
                 fmt::format("{} takes {} argument{}{}, got {}", whole_name(task), wanted,
                             wanted == 1 ? "" : "s",
                             wanted == 0 ? "" : " (" + parameters_text(function) + ")", given));
}

void check_names(const TaskSpec& task, const FunctionSignature& function) {
  std::vector<std::string> names;
  for (const Parameter& parameter : function.parameters) names.push_back(parameter.name);
  const auto& arguments = task.action.arguments;
  for (const auto& [name, argument] : arguments) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const std::string nearest = suggest(name, names);
    throw JobError(argument.position,
                   fmt::format("{} has no parameter '{}'", whole_name(task), name),
                   nearest.empty() ? "it takes: " + parameters_text(function) : nearest);
  }
  for (const Parameter& parameter : function.parameters) {
    const bool is_given =
        std::any_of(arguments.begin(), arguments.end(),
                    [&parameter](const auto& given) { return given.first == parameter.name; });
    if (is_given) continue;
    throw JobError(
        task.position_of("args"),
        fmt::format("the argument '{}' of {} is missing", parameter.name, whole_name(task)),
        fmt::format("of type {}", parameter.type));
  }
}

/// What is literal in an argument against its type; the rest is known only when it is run.
class LiteralCheck {
 public:
  LiteralCheck(const TaskSpec& task, const Parameter& parameter)
      : task_(task), parameter_(parameter) {}

  void check(const ArgumentTemplate& argument, const ArgumentType& type) const;

 private:
  void check_text(const ArgumentTemplate& argument, const ArgumentType& type) const;
  void check_value(const Value& value, const ArgumentType& type, const Position& position) const;
  [[noreturn]] void refuse(const Position& position, std::string_view why) const {
    throw JobError(position,
                   fmt::format("argument '{}' of {}: {}", parameter_.name, whole_name(task_), why));
  }

  const TaskSpec& task_;
  const Parameter& parameter_;
};

void LiteralCheck::check_value(const Value& value, const ArgumentType& type,
                               const Position& position) const {
  std::string why;
  try {  // only here the place is known
    convert_argument(value, type, ArgumentOrigin::literal);
    return;
  } catch (const std::invalid_argument& error) {
    why = error.what();
  }
  refuse(position, why);
}

void LiteralCheck::check_text(const ArgumentTemplate& argument, const ArgumentType& type) const {
  const Template& text = argument.text;
  if (text.is_literal()) {
    check_value(text.render_text(NoScope()), type, argument.position);
    return;
  }
  const ArgumentType& inner = type.is_optional() ? type.parameters[0] : type;
  const bool is_list = text.is_single() && text.references()[0].accessor == Accessor::results;
  if (is_list && inner.is_known() && !inner.is_list() && !inner.is_tuple()) {
    refuse(argument.position,
           fmt::format("'{}' is a list, but the parameter is {}", text.source(), parameter_.type));
  }
}

void LiteralCheck::check(const ArgumentTemplate& argument, const ArgumentType& type) const {
  if (argument.kind == ArgumentTemplate::Kind::literal) {
    return check_value(argument.literal, type, argument.position);
  }
  if (argument.kind == ArgumentTemplate::Kind::text) return check_text(argument, type);
  if (type.is_optional()) return check(argument, type.parameters[0]);
  if (!type.is_known()) return;
  const bool is_list = argument.kind == ArgumentTemplate::Kind::list;
  if (!is_list) {
    if (!type.is_map()) refuse(argument.position, "expected " + to_string(type) + ", got a table");
  } else if (type.is_tuple() && argument.members.size() != type.parameters.size()) {
    refuse(argument.position,
           fmt::format("expected {}, got a list of {}", to_string(type), argument.members.size()));
  } else if (!type.is_list() && !type.is_tuple() && type.name != "bytes") {
    refuse(argument.position, "expected " + to_string(type) + ", got a list");
  }
  for (std::size_t i = 0; i < argument.members.size(); ++i) {
    const std::size_t parameter = type.is_tuple() ? i : type.is_map() ? 1 : 0;
    if (parameter < type.parameters.size()) {
      check(argument.members[i].second, type.parameters[parameter]);
    }
  }
}

const Value* find_argument(const Resolved& resolved, const std::string& name, std::size_t number) {
  const auto& arguments = resolved.arguments;
  if (!resolved.by_name) return number < arguments.size() ? &arguments[number].second : nullptr;
  const auto found = std::find_if(arguments.begin(), arguments.end(),
                                  [&name](const auto& argument) { return argument.first == name; });
  return found == arguments.end() ? nullptr : &found->second;
}

/// Where a value that does not fit came from.
Position position_of_row(const TaskSpec& task, const Instance& instance) {
  if (!task.data || instance.row.line == 0) return task.position_of("args");
  const Foreach& data = *task.data;
  if (!data.is_text() && data.kind != ForeachKind::jsonl) return task.position_of("args");
  return {data.path == "-" ? "standard input" : data.path, static_cast<int>(instance.row.line), 0};
}

}  // namespace

std::string to_string(const FunctionSignature& function) {
  return fmt::format("{}({}) -> {}", function.name, parameters_text(function), function.result);
}

const FunctionSignature& check_arguments(const TaskSpec& task,
                                         const std::vector<FunctionSignature>& functions) {
  const FunctionSignature& function = find_function(task, functions);
  if (task.action.by_name) {
    check_names(task, function);
  } else {
    check_arity(task, function);
  }
  for (std::size_t i = 0; i < task.action.arguments.size(); ++i) {
    const auto& [name, argument] = task.action.arguments[i];
    for (std::size_t number = 0; number < function.parameters.size(); ++number) {
      const Parameter& parameter = function.parameters[number];
      const bool is_it = task.action.by_name ? parameter.name == name : number == i;
      if (!is_it) continue;
      LiteralCheck(task, parameter).check(argument, parse_argument_type(parameter.type));
    }
  }
  return function;
}

std::vector<Value> arrange_arguments(const TaskSpec& task, const Instance& instance,
                                     const Resolved& resolved, const FunctionSignature& function) {
  const auto origin = resolved.parse_text ? ArgumentOrigin::text_data : ArgumentOrigin::data;
  std::vector<Value> values;
  for (std::size_t i = 0; i < function.parameters.size(); ++i) {
    const Parameter& parameter = function.parameters[i];
    const Value* given = find_argument(resolved, parameter.name, i);
    if (given == nullptr) {
      throw JobError(task.position_of("args"), fmt::format("the argument '{}' of {} is missing",
                                                           parameter.name, whole_name(task)));
    }
    try {  // only here the row is known
      values.push_back(convert_argument(*given, parse_argument_type(parameter.type), origin));
    } catch (const std::invalid_argument& error) {
      throw JobError(position_of_row(task, instance),
                     fmt::format("argument '{}' of {} in {}: {}", parameter.name, whole_name(task),
                                 instance_name(task, instance.index), error.what()));
    }
  }
  return values;
}

}  // namespace procfarm::cli
