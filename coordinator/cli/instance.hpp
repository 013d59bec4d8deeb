// SPDX-License-Identifier: MIT
// instance.hpp - a task's instances, one after the other, and what exactly each of them does.
// InstanceStream expands foreach and matrix lazily; resolve() fills an instance's values into the
// task's templates. Nothing is run, opened for writing or remembered here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "job.hpp"
#include "source.hpp"
#include "value.hpp"

namespace procfarm::cli {

/// One execution of a task: of `pack`, `pack[3]`.
struct Instance {
  std::uint64_t index = 0;  // from 0
  std::string label{};      // a short text of its row for people, without control characters
  Row row{};                // its own variables; `row.error` says why the instance fails
};

/// `pack[3]` of a repeated task, else `pack`.
std::string instance_name(const TaskSpec& task, std::uint64_t index);

/// The instances of one task, read once and lazily. One thread at a time. The job and the task
/// must outlive it.
class InstanceStream {
 public:
  /// Opens the data; throws JobError at the place of the key if it cannot be opened.
  InstanceStream(const Job& job, const TaskSpec& task);

  /// The next instance, or nothing. Throws JobError if the data can be read no further; a bad row
  /// is an instance with an error.
  std::optional<Instance> next();

  /// Passes over at most `count` instances and returns over how many: fewer if it would take long,
  /// none at the end. Throws as next().
  std::uint64_t discard(std::uint64_t count);

  /// How many there will be in all, where that is known: always if the task uses `{{count}}`, for
  /// which the data is read once more, at the first call.
  std::optional<std::uint64_t> count();

 private:
  const Job& job_;
  const TaskSpec& task_;
  std::unique_ptr<Source> source_;  // null: a task that is not repeated
  bool must_count_ = false;
  std::optional<std::uint64_t> count_{};
  std::uint64_t next_index_ = 0;
};

/// The source behind a repeated task; null for a task without foreach and matrix. Throws JobError
/// at the place of the key.
std::unique_ptr<Source> open_source(const Job& job, const TaskSpec& task);

/// The names of the task's own variables; nothing where only the data tells (JSON Lines, or a
/// header that comes through a pipe). Reads the header of a csv or tsv file; throws JobError as
/// open_source.
std::optional<std::vector<std::string>> own_names(const Job& job, const TaskSpec& task);

/// True if a placeholder of the task is `{{count}}`.
bool uses_count(const TaskSpec& task);

/// True if the data of the task can be read only once: standard input, a pipe.
bool is_read_once(const Job& job, const TaskSpec& task);

/// What tasks that have ended have left for those that need them. Each answers nothing if there is
/// no such thing (the task failed, or was not run); the placeholder is then an error of the
/// instance.
class OtherTasks {
 public:
  virtual ~OtherTasks() = default;
  /// The result of the only instance, or of the one with this index in a repeated task.
  virtual std::optional<Value> result(const std::string& task, std::uint64_t index) const = 0;
  /// The same for its standard output as text; of one that has failed, what was captured of it.
  virtual std::optional<Value> stdout_text(const std::string& task, std::uint64_t index) const = 0;
  /// The results of all instances in the order of their indices, as a list.
  virtual std::optional<Value> results(const std::string& task) const = 0;
  /// The path of a JSON Lines file of the same.
  virtual std::optional<Value> results_file(const std::string& task) const = 0;
  /// Words that follow the name of what is not there: why.
  virtual std::string why_absent(const std::string&, std::uint64_t) const {
    return "which is not there";
  }
};

/// What the values of placeholders are besides the instance's own. What is not set is shown as the
/// placeholder itself: for plans, and for a hash that must not depend on it.
struct ResolveContext {
  std::optional<std::string> run{};
  std::optional<std::string> rundir{};
  std::optional<int> attempt{};  // from 1
  std::optional<int> worker{};
  std::optional<std::uint64_t> count{};
  const OtherTasks* others = nullptr;
};

struct ResolvedOutput {
  TargetKind kind = TargetKind::capture;
  std::string path{};  // absolute; of a file
};

/// What one attempt of an instance does. Paths are absolute and normal.
struct Resolved {
  ActionKind kind = ActionKind::command;
  std::vector<std::string> argv{};        // command
  std::string shell{};                    // shell: /bin/sh -c shell procfarm parameters...
  std::vector<std::string> parameters{};  // of the shell line
  std::string module{};                   // function: the path of the module
  std::string function{};
  bool by_name = false;
  std::vector<std::pair<std::string, Value>> arguments{};  // as written; see arrange_arguments()
  bool parse_text = false;  // arguments may be text from lines, csv or tsv
  std::vector<std::pair<std::string, std::string>> env{};  // own, PROCFARM_*, OMP_NUM_THREADS, ...
  bool env_clear = false;
  std::string cwd{};
  InputKind input = InputKind::none;
  std::string input_content{};                      // the text, or the path of the file
  std::optional<ResolvedOutput> standard_output{};  // nothing: the default of the command
  std::optional<ResolvedOutput> standard_error{};
  std::vector<std::string> outputs{};
  std::vector<std::string> inputs{};
};

/// Fills in everything. Throws JobError if a value is missing or does not fit (a path that would
/// leave its directory, a NUL byte): an error of this instance alone.
Resolved resolve(const Job& job, const TaskSpec& task, const Instance& instance,
                 const ResolveContext& context);

}  // namespace procfarm::cli
