// SPDX-License-Identifier: MIT
// job_check.hpp - what can be wrong with a job beyond one key: tasks that do not fit together,
// placeholders that nobody fills, files that are not there. Before anything runs; changes nothing.
// Whether functions exist and take these arguments, signature.hpp tells.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "job.hpp"

namespace procfarm::cli {

struct CheckOptions {
  int jobs = 0;  // -j; 0: not known, cpus are not checked
};

/// Checks tasks one after the other, for streams. A task must be declared before one is checked
/// that needs it. One thread at a time; the job must outlive it, and its modules and pools may
/// grow.
class JobChecker {
 public:
  JobChecker(const Job& job, CheckOptions options) : job_(job), options_(options) {}

  /// Makes the task known. Throws JobError if its name is taken, or if it writes a file that
  /// another task, or every instance of it, writes as well.
  void declare(const TaskSpec& task);

  /// Throws JobError for the first thing that is wrong with a declared task.
  void check(const TaskSpec& task);

 private:
  struct Known {
    bool repeated = false;
    bool is_function = false;
    TargetKind output = TargetKind::capture;  // where its standard output goes
    std::optional<std::uint64_t> count{};
    Position position{};
  };
  struct Writer {
    std::string task{};
    std::string key{};
  };

  void declare_path(const TaskSpec& task, const Template& path, const std::string& key);
  void check_needs(const TaskSpec& task) const;
  void check_same_index(const TaskSpec& task, const Need& need, const Known& other) const;
  void check_places(const TaskSpec& task) const;
  void check_module(const TaskSpec& task) const;
  void check_files(const TaskSpec& task) const;
  void check_literal(const TaskSpec& task, const Template& path, const char* key,
                     bool directory) const;
  void check_stream_target(const std::string& task, const std::optional<OutputTarget>& target,
                           const char* key) const;
  void check_standard_input(const TaskSpec& task);
  void check_foreach_file(const TaskSpec& task) const;
  void check_placeholders(const TaskSpec& task) const;
  void check_reference(const TaskSpec& task, const Reference& reference,
                       const std::optional<std::vector<std::string>>& own) const;
  void check_task_reference(const TaskSpec& task, const Reference& reference) const;
  void check_captured(const TaskSpec& task, const Reference& reference, const Known& other) const;
  [[noreturn]] void refuse_unknown(const TaskSpec& task, const Reference& reference,
                                   const std::vector<std::string>& own) const;
  void check_own_paths(const TaskSpec& task,
                       const std::optional<std::vector<std::string>>& own) const;
  bool is_written(const std::string& path) const;
  std::optional<std::vector<std::string>> names_now(const TaskSpec& task) const;

  const Job& job_;
  CheckOptions options_;
  std::map<std::string, Known, std::less<>> known_{};
  std::map<std::string, Writer> written_{};  // absolute paths without placeholders
  std::string reads_standard_input_{};       // the task that does
};

/// Throws JobError if a module's file is missing.
void check_modules(const Job& job);

/// Throws JobError `cycle of needs: a -> b -> a` if there is one. All tasks must have passed
/// JobChecker::check().
void check_cycles(const Job& job);

/// All of the above, for a whole job.
void check_job(const Job& job, const CheckOptions& options);

}  // namespace procfarm::cli
