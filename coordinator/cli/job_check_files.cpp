// SPDX-License-Identifier: MIT
// job_check_files.cpp - what tasks read must be there, or be written by another task of the job;
// and no two of them may write the same file.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "instance.hpp"
#include "job_check.hpp"

namespace procfarm::cli {
namespace {

constexpr const char* advice_to_declare =
    "if another task writes it, name it in that one's outputs";

bool is_device(const std::string& path) { return path.rfind("/dev/", 0) == 0; }

/// That of `each` is made from the command line, and there is no other beside it.
bool is_in_job_file(const TaskSpec& task) { return task.position.line > 0; }

bool is_stream(const std::string& key) { return key != "outputs"; }

}  // namespace

void JobChecker::declare_path(const TaskSpec& task, const Template& path, const std::string& key) {
  if (!path.is_literal()) return;
  const std::string absolute = job_.absolute(path.render_text(NoScope()));
  if (is_device(absolute)) return;
  const auto [other, is_new] = written_.emplace(absolute, Writer{task.name, key});
  if (is_new) return;
  if (other->second.task != task.name) {
    throw JobError(path.position(), fmt::format("tasks '{}' and '{}' both write \"{}\"",
                                                other->second.task, task.name, path.source()));
  }
  // A task may name among its outputs what it writes as a stream.
  if (is_stream(key) && is_stream(other->second.key)) {
    throw JobError(path.position(), fmt::format("stdout and stderr of task '{}' both write \"{}\"",
                                                task.name, path.source()));
  }
  if (is_stream(key)) other->second.key = key;
}

bool JobChecker::is_written(const std::string& path) const { return written_.count(path) != 0; }

void JobChecker::check_standard_input(const TaskSpec& task) {
  if (!task.data || task.data->path != "-") return;
  if (task.data->kind == ForeachKind::glob) return;
  const std::string reader = job_.file == "-" ? "the job file" : reads_standard_input_;
  if (!reader.empty()) {
    throw JobError(task.data->position,
                   fmt::format("task '{}' reads standard input, which {} already reads", task.name,
                               job_.file == "-" ? reader : "'" + reader + "'"));
  }
  reads_standard_input_ = task.name;
}

void JobChecker::check_foreach_file(const TaskSpec& task) const {
  const Foreach& data = *task.data;
  if (!data.is_text() && data.kind != ForeachKind::jsonl) return;
  const std::string path = job_.absolute(data.path);
  if (data.path == "-" || is_written(path)) return;
  struct stat status {};
  int error = ::access(path.c_str(), R_OK) != 0 || ::stat(path.c_str(), &status) != 0 ? errno : 0;
  if (error == 0 && S_ISDIR(status.st_mode)) error = EISDIR;
  if (error == 0) return;
  throw JobError(
      data.position,
      fmt::format("data of task '{}': {}: {}", task.name, data.path, std::strerror(error)),
      error != ENOENT        ? ""
      : is_in_job_file(task) ? advice_to_declare
                             : "SOURCE is a file of lines, or - for standard input");
}

void JobChecker::check_literal(const TaskSpec& task, const Template& path, const char* key,
                               bool directory) const {
  if (!path.is_literal()) return;
  const std::string absolute = job_.absolute(path.render_text(NoScope()));
  if (is_written(absolute)) return;
  struct stat status {};
  int error = ::stat(absolute.c_str(), &status) != 0 ? errno : 0;
  if (error == 0 && directory != S_ISDIR(status.st_mode)) error = directory ? ENOTDIR : EISDIR;
  if (error == 0) return;
  throw JobError(
      path.position(),
      fmt::format("{} of task '{}': {}: {}", key, task.name, path.source(), std::strerror(error)),
      error == ENOENT ? advice_to_declare : "");
}

void JobChecker::check_stream_target(const std::string& task,
                                     const std::optional<OutputTarget>& target,
                                     const char* key) const {
  if (!target || target->kind != TargetKind::file) return;
  const std::string name = std::filesystem::path(target->path.source()).filename();
  // Only a directory can be called so.
  if (!name.empty() && name != "." && name != "..") return;
  throw JobError(target->path.position(),
                 fmt::format("{} of task '{}': {}: {}", key, task, target->path.source(),
                             std::strerror(EISDIR)));
}

void JobChecker::check_files(const TaskSpec& task) const {
  check_stream_target(task.name, task.standard_output, "stdout");
  check_stream_target(task.name, task.standard_error, "stderr");
  if (task.data) check_foreach_file(task);
  if (task.cwd) check_literal(task, *task.cwd, "cwd", true);
  if (task.input.kind == InputKind::file) check_literal(task, task.input.content, "stdin", false);
  if (task.skip_if != SkipIf::never && task.outputs.empty()) {
    throw JobError(task.position_of("skip_if"),
                   fmt::format("'skip_if' without 'outputs' in task '{}'", task.name));
  }
  if (task.skip_if == SkipIf::up_to_date && task.inputs.empty()) {
    throw JobError(
        task.position_of("skip_if"),
        fmt::format("skip_if = \"up-to-date\" without 'inputs' in task '{}'", task.name));
  }
}

}  // namespace procfarm::cli
