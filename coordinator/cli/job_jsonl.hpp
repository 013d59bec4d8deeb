// SPDX-License-Identifier: MIT
// job_jsonl.hpp - reads a job of JSON Lines: one task per line, with the same keys as in TOML, as a
// stream. A first line that has `modules`, `pools`, `defaults` and no task says what all have in
// common.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "job.hpp"
#include "job_node.hpp"
#include "job_text.hpp"

namespace procfarm::cli {

/// A stream of tasks. One thread at a time; next() blocks while a pipe has nothing.
class JsonlJob {
 public:
  /// Throws JobError if the file cannot be opened. `-` is standard input.
  explicit JsonlJob(const std::string& path);

  /// The next task, or nothing at the end. Blank lines are passed over; a task without a name is
  /// called after its line, `line17`. Throws JobError naming the line if it is bad: then the stream
  /// has ended. That task names differ, job_check sees to.
  std::optional<TaskSpec> next();

  /// What the tasks have in common; complete once next() has returned. Its `tasks` stay empty.
  const Job& job() const { return job_; }
  Job& job() { return job_; }

 private:
  bool is_header(const Node& line) const;

  JobFile file_;
  Job job_{};
  std::optional<Node> defaults_{};
  int line_ = 0;
  bool read_one_ = false;
  bool ended_ = false;
};

/// True if this path is read as JSON Lines: `-`, or it ends in `.jsonl` or `.ndjson`.
bool is_jsonl_job(const std::string& path);

}  // namespace procfarm::cli
