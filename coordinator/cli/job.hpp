// SPDX-License-Identifier: MIT
// job.hpp - a job as it was written: its tasks with every key typed, and the place of each key, so
// that whatever turns out wrong later can be told as file:line:column.
// Plain values. Reading is in job_toml and job_jsonl, checking in job_check, and what one instance
// of a task does in instance.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "diagnostic.hpp"
#include "template.hpp"
#include "units.hpp"
#include "value.hpp"

namespace procfarm::cli {

/// A value of `args`: text with placeholders, a literal, or a list or table of such values.
struct ArgumentTemplate {
  enum class Kind { literal, text, list, table };
  Kind kind = Kind::literal;
  Value literal{};                                                  // numbers, booleans, null
  Template text{};                                                  // every string
  std::vector<std::pair<std::string, ArgumentTemplate>> members{};  // list: the names are empty
  Position position{};

  /// True if nothing in it depends on an instance.
  bool is_literal() const;
};

enum class ActionKind { command, shell, function };

/// What a task does: exactly one of the three.
struct Action {
  ActionKind kind = ActionKind::command;
  std::vector<Template> command{};                                    // argv
  Template shell{};                                                   // of TemplateKind::shell
  std::string module{};                                               // `text` of "text.digest"
  std::string function{};                                             // `digest` of "text.digest"
  bool by_name = false;                                               // args is a table
  std::vector<std::pair<std::string, ArgumentTemplate>> arguments{};  // positional: names are empty
};

enum class Match { all, same };

/// This task's instances wait for those of `task`: for all, or each for the one of the same index.
struct Need {
  std::string task{};
  Match match = Match::all;
  Position position{};
};

enum class When { success, failure, always };

enum class FailureKind { exit, signal, timeout, memory, worker_lost, exception };

/// One element of `retries.on`: `exit` (any number), `exit:75`, `signal:9`, `timeout`, ...
struct RetryRule {
  FailureKind kind = FailureKind::exit;
  std::optional<int> number{};

  bool operator==(const RetryRule&) const = default;
};

/// Further attempts, after `delay`, which grows by `backoff` each time up to `max_delay`.
struct Retries {
  int count = 0;
  Duration delay{};
  double backoff = 2.0;
  Duration max_delay = std::chrono::seconds(60);
  std::vector<RetryRule> on{};  // empty: any failure
};

enum class TargetKind { capture, show, none, file };

/// Where a task's stdout or stderr goes.
struct OutputTarget {
  TargetKind kind = TargetKind::capture;
  Template path{};  // of a file
};

enum class InputKind { none, text, file };

/// What a task reads as its standard input: nothing, a text, or a file.
struct InputSource {
  InputKind kind = InputKind::none;
  Template content{};  // the text or the path
};

enum class ForeachKind { lines, csv, tsv, jsonl, glob, range, values };

/// The data a task is repeated over.
struct Foreach {
  ForeachKind kind = ForeachKind::lines;
  std::string
      path{};  // of a file, as it was written, or the pattern of a glob; `-` is standard input
  std::int64_t first = 0, last = 0, step = 1;
  std::vector<Value> values{};
  std::string as{};  // empty: the kind's default
  std::uint64_t skip = 0;
  std::optional<std::uint64_t> limit{};
  bool strip_cr = false;
  Position position{};  // of the path, pattern, range or values

  /// The name of the variable where rows have no names of their own.
  std::string variable() const;
  /// True if the data is text that is parsed for numeric and bool parameters.
  bool is_text() const;
};

/// A cross product, expanded when it was read (at most ten million combinations, checked there).
struct Matrix {
  std::vector<Value> combinations{};  // objects
  std::vector<std::string> names{};   // of the axes, and every name that some combination has
};

enum class SkipIf { never, outputs_exist, up_to_date };

/// One [[task]] with the [defaults] merged in.
struct TaskSpec {
  std::string name{};
  Action action{};
  std::optional<Foreach> data{};
  std::optional<Matrix> matrix{};
  std::vector<Need> needs{};
  When when = When::success;
  std::optional<Retries> retries{};
  std::optional<Duration> timeout{};
  std::optional<Duration> grace{};
  std::vector<int> ok_exit{0};
  std::vector<std::pair<std::string, Template>> env{};
  bool env_clear = false;
  std::optional<Template> cwd{};
  InputSource input{};
  std::optional<OutputTarget> standard_output{};
  std::optional<OutputTarget> standard_error{};
  std::vector<Template> outputs{};
  std::vector<Template> inputs{};
  SkipIf skip_if = SkipIf::never;
  std::optional<int> cpus{};
  std::optional<std::uint64_t> memory{};  // bytes
  std::string pool{};
  int priority = 0;
  std::vector<std::string> tags{};

  Position position{};  // of the task
  std::map<std::string, Position>
      positions{};  // of each key's value; defaults' keys: where they stand

  /// Where the value of `key` stands; the task's place if it was not written.
  Position position_of(const std::string& key) const;
  /// True if it has foreach or matrix, even if those have only one row.
  bool is_repeated() const { return data.has_value() || matrix.has_value(); }
};

/// A path of [modules], as it was written.
struct Module {
  std::string path{};
  Position position{};
};

/// A whole job file, or what a stream of tasks has in common.
struct Job {
  std::string name{};
  std::string file{};       // as it was given; "-" for standard input
  std::string directory{};  // absolute: the base of relative paths
  std::string text{};       // the file's bytes; empty for a stream
  std::map<std::string, Module> modules{};
  std::map<std::string, int> pools{};  // name -> how many at once
  std::vector<TaskSpec> tasks{};       // in the order they were written; empty for a stream

  /// The task of that name, or null.
  const TaskSpec* find(std::string_view task) const;
  /// `path` if it is absolute, else it below the job's directory; without `.` and doubled slashes.
  std::string absolute(const std::string& path) const;
};

/// Knows no name: for templates that are literal.
class NoScope : public Scope {
 public:
  std::optional<Value> lookup(std::string_view, Accessor) const override { return std::nullopt; }
};

/// Calls `visit(template, key)` for every string of an argument.
template <class Visitor>
void for_each_argument_template(const ArgumentTemplate& argument, Visitor& visit) {
  if (argument.kind == ArgumentTemplate::Kind::text) visit(argument.text, "args");
  for (const auto& member : argument.members) for_each_argument_template(member.second, visit);
}

/// Calls `visit(template, key)` for every template of the task, so that whoever looks at
/// placeholders sees all of them.
template <class Visitor>
void for_each_template(const TaskSpec& task, Visitor visit) {
  for (const Template& word : task.action.command) visit(word, "command");
  if (task.action.kind == ActionKind::shell) visit(task.action.shell, "shell");
  for (const auto& argument : task.action.arguments) {
    for_each_argument_template(argument.second, visit);
  }
  for (const auto& variable : task.env) visit(variable.second, "env");
  if (task.cwd) visit(*task.cwd, "cwd");
  if (task.input.kind != InputKind::none) visit(task.input.content, "stdin");
  if (task.standard_output) visit(task.standard_output->path, "stdout");
  if (task.standard_error) visit(task.standard_error->path, "stderr");
  for (const Template& path : task.outputs) visit(path, "outputs");
  for (const Template& path : task.inputs) visit(path, "inputs");
}

}  // namespace procfarm::cli
