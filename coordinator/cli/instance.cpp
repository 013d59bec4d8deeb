// SPDX-License-Identifier: MIT
// instance.cpp - fills an instance's values into the templates of its task, and keeps paths where
// their templates say they are.
#include "instance.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "instance_scope.hpp"

namespace procfarm::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view rundir_placeholder = "{{rundir}}";

enum class PathUse { read, write };

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

bool has_parent_component(const fs::path& path) {
  return std::find(path.begin(), path.end(), "..") != path.end();
}

bool is_below(const fs::path& path, const fs::path& directory) {
  const auto ends = std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  // A directory that ends in a slash has an empty last component.
  const bool all = ends.first == directory.end() || ends.first->empty();
  return all && ends.second != path.end() && !ends.second->empty();
}

/// Whether a link on the way to the path leads out of the directory.
bool leads_out(const fs::path& path, const fs::path& directory) {
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(path.parent_path(), error);
  const fs::path home = error ? fs::path() : fs::weakly_canonical(directory, error);
  return !error && !is_below(folder / path.filename(), home);
}

/// Fills one instance's values into templates.
class Renderer {
 public:
  Renderer(const Job& job, const TaskSpec& task, const Instance& instance,
           const ResolveContext& context)
      : job_(job),
        context_(context),
        scope_(task, instance, context),
        zero_scope_(task, instance, context, true),
        may_be_unset_(!context.run || !context.rundir || !context.attempt || !context.worker ||
                      !context.count || context.others == nullptr) {}

  std::string text(const Template& from, std::string_view key) const;
  Value value(const Template& from) const;
  Value argument(const ArgumentTemplate& from) const;
  ShellLine shell(const Template& from) const;
  std::string path(const Template& from, std::string_view key, PathUse use) const;

 private:
  /// A text that stands for something unset may not fit a format; a number does.
  template <class Render>
  auto render(Render how) const {
    if (!may_be_unset_) return how(scope_);
    try {
      return how(scope_);
    } catch (const JobError&) {
      return how(zero_scope_);
    }
  }
  void check_inside(const Template& from, const std::string& rendered, std::string_view key,
                    PathUse use) const;

  const Job& job_;
  const ResolveContext& context_;
  InstanceScope scope_;
  InstanceScope zero_scope_;
  bool may_be_unset_;
};

void check_nul(const std::string& text, const Template& from, std::string_view key) {
  if (text.find('\0') == std::string::npos) return;
  throw JobError(from.position(), fmt::format("'{}': the value has a NUL byte", key));
}

std::string Renderer::text(const Template& from, std::string_view key) const {
  std::string text = render([&from](const Scope& scope) { return from.render_text(scope); });
  check_nul(text, from, key);
  return text;
}

Value Renderer::value(const Template& from) const {
  return render([&from](const Scope& scope) { return from.render_value(scope); });
}

Value Renderer::argument(const ArgumentTemplate& from) const {
  switch (from.kind) {
    case ArgumentTemplate::Kind::literal: return from.literal;
    case ArgumentTemplate::Kind::text: return value(from.text);
    case ArgumentTemplate::Kind::list: {
      Value list = Value::array();
      for (const auto& element : from.members) list.push_back(argument(element.second));
      return list;
    }
    case ArgumentTemplate::Kind::table: break;
  }
  Value table = Value::object();
  for (const auto& [name, member] : from.members) table[name] = argument(member);
  return table;
}

ShellLine Renderer::shell(const Template& from) const {
  ShellLine line = render([&from](const Scope& scope) { return from.render_shell(scope); });
  check_nul(line.line, from, "shell");
  return line;
}

/// The directory that is written before the first placeholder; the run's own directory counts as
/// written.
std::string named_directory(const Template& from, const ResolveContext& context) {
  std::string_view source = from.source();
  std::string prefix;
  if (starts_with(source, rundir_placeholder)) {
    prefix = context.rundir.value_or(std::string(rundir_placeholder));
    source.remove_prefix(rundir_placeholder.size());
  }
  prefix += source.substr(0, source.find("{{"));
  return prefix.substr(0, prefix.rfind('/') + 1);
}

void Renderer::check_inside(const Template& from, const std::string& rendered, std::string_view key,
                            PathUse use) const {
  const std::string directory = named_directory(from, context_);
  const std::string rest = rendered.substr(std::min(directory.size(), rendered.size()));
  const fs::path base(job_.absolute(directory));
  const fs::path whole(job_.absolute(rendered));
  // An absolute value behind a directory would end up inside, but hardly where it was meant.
  const bool is_absolute = starts_with(rest, "/");
  // A value of "." is the directory itself, which may be read and gone to.
  const bool is_itself = use == PathUse::read && !rest.empty() && whole == base;
  const bool is_inside =
      !is_absolute && !has_parent_component(rest) && (is_itself || is_below(whole, base));
  if (is_inside && (use == PathUse::read || !leads_out(whole, base))) return;
  throw JobError(from.position(),
                 fmt::format("'{}': \"{}\" is not a path inside of {}", key, rendered,
                             directory.empty() ? "the job's directory" : "\"" + directory + "\""),
                 "a placeholder's value may not leave the directory that its text names");
}

std::string Renderer::path(const Template& from, std::string_view key, PathUse use) const {
  std::string rendered = text(from, key);
  if (rendered.empty())
    throw JobError(from.position(), fmt::format("'{}': the path is empty", key));
  // What is only read may be anywhere if the text names no directory: globs give absolute paths.
  const bool is_free = use == PathUse::read && named_directory(from, context_).empty();
  if (!from.is_literal() && !is_free) check_inside(from, rendered, key, use);
  // What the text begins with, not what a value does.
  if (!context_.rundir && starts_with(from.source(), rundir_placeholder)) return rendered;
  return job_.absolute(rendered);
}

std::optional<ResolvedOutput> resolve_output(const Renderer& renderer,
                                             const std::optional<OutputTarget>& target,
                                             std::string_view key) {
  if (!target) return std::nullopt;
  ResolvedOutput output{target->kind, {}};
  if (target->kind == TargetKind::file) {
    output.path = renderer.path(target->path, key, PathUse::write);
  }
  return output;
}

void resolve_action(const Renderer& renderer, const Job& job, const Action& action,
                    Resolved& resolved) {
  resolved.kind = action.kind;
  for (const Template& word : action.command) {
    resolved.argv.push_back(renderer.text(word, "command"));
  }
  if (action.kind == ActionKind::shell) {
    ShellLine line = renderer.shell(action.shell);
    if (line.line.empty()) throw JobError(action.shell.position(), "'shell': the line is empty");
    resolved.shell = std::move(line.line);
    resolved.parameters = std::move(line.parameters);
  }
  if (action.kind != ActionKind::function) return;
  const auto module = job.modules.find(action.module);
  if (module != job.modules.end()) resolved.module = job.absolute(module->second.path);
  resolved.function = action.function;
  resolved.by_name = action.by_name;
  for (const auto& [name, argument] : action.arguments) {
    resolved.arguments.emplace_back(name, renderer.argument(argument));
  }
}

void resolve_env(const Renderer& renderer, const TaskSpec& task, const Instance& instance,
                 const ResolveContext& context, Resolved& resolved) {
  auto& env = resolved.env;
  env.reserve(task.env.size() + 4);
  for (const auto& [name, value] : task.env) {
    env.emplace_back(name, renderer.text(value, "env." + name));
  }
  if (task.cpus) {
    for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                             "BLIS_NUM_THREADS", "NUMEXPR_NUM_THREADS"}) {
      const bool is_own = std::any_of(env.begin(), env.end(),
                                      [name](const auto& own) { return own.first == name; });
      if (!is_own) env.emplace_back(name, std::to_string(*task.cpus));
    }
  }
  if (context.attempt) env.emplace_back("PROCFARM_ATTEMPT", std::to_string(*context.attempt));
  env.emplace_back("PROCFARM_INDEX", std::to_string(instance.index));
  if (context.run) env.emplace_back("PROCFARM_RUN", *context.run);
  env.emplace_back("PROCFARM_TASK", task.name);
}

void resolve_files(const Renderer& renderer, const Job& job, const TaskSpec& task,
                   Resolved& resolved) {
  resolved.cwd = task.cwd ? renderer.path(*task.cwd, "cwd", PathUse::read) : job.directory;
  resolved.input = task.input.kind;
  if (task.input.kind == InputKind::file) {
    resolved.input_content = renderer.path(task.input.content, "stdin.file", PathUse::read);
  } else if (task.input.kind == InputKind::text) {
    // Bytes for a pipe: a NUL is allowed.
    resolved.input_content = text_of(renderer.value(task.input.content));
  }
  resolved.standard_output = resolve_output(renderer, task.standard_output, "stdout");
  resolved.standard_error = resolve_output(renderer, task.standard_error, "stderr");
  for (const Template& output : task.outputs) {
    resolved.outputs.push_back(renderer.path(output, "outputs", PathUse::write));
  }
  for (const Template& input : task.inputs) {
    resolved.inputs.push_back(renderer.path(input, "inputs", PathUse::read));
  }
}

}  // namespace

Resolved resolve(const Job& job, const TaskSpec& task, const Instance& instance,
                 const ResolveContext& context) {
  if (!instance.row.error.empty()) throw JobError({}, instance.row.error);
  const Renderer renderer(job, task, instance, context);
  Resolved resolved;
  resolved.parse_text = task.data && task.data->is_text();
  resolved.env_clear = task.env_clear;
  resolve_action(renderer, job, task.action, resolved);
  resolve_env(renderer, task, instance, context, resolved);
  resolve_files(renderer, job, task, resolved);
  return resolved;
}

}  // namespace procfarm::cli
