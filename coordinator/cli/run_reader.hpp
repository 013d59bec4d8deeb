// SPDX-License-Identifier: MIT
// run_reader.hpp - reads a run's database, also while the run goes on. Never writes; shows nothing
// (the show_* files do).
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earlier_work.hpp"
#include "run_directory.hpp"
#include "run_record.hpp"
#include "run_selection.hpp"

namespace procfarm::cli {

/// How a run stands. `state` is `running`, what RunEnd said, or `interrupted` for a run whose
/// process is gone without having ended it.
struct RunSummary {
  RunDescription run{};
  std::string state{};
  std::optional<int> exit_code{};
  std::optional<TimePoint> finished{};
};

/// Counts of instances; `retries` counts further attempts.
struct TaskSummary {
  TaskDescription task{};
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  std::uint64_t skipped = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t running = 0;
  std::uint64_t retries = 0;
  Duration cpu_time{};
  std::uint64_t peak_memory = 0;
};

/// A row of `attempts` with its task's name. Its output and result are read only where told.
struct RecordedAttempt {
  std::string task{};
  AttemptFinished attempt{};
  bool repeated = true;
  std::uint64_t stdout_size = 0;

  /// `pack[3]`, or `pack` of a task that is not repeated.
  std::string instance_name() const;
};

/// What is read of an attempt beside its own columns.
struct AttemptParts {
  static constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

  bool standard_output = false;
  std::size_t standard_error = 0;  // so many bytes of its end
  bool result = false;
};

enum class AttemptOrder { by_instance, by_start, by_end };

/// From when to when a worker ran attempts; to the end of time if nobody has seen it end one.
struct WorkerSpan {
  int pid = 0;
  TimePoint first{};
  TimePoint last{};
};

struct RecordedResult {
  InstanceKey key{};
  std::string_view task{};
  std::string_view label{};
  std::string_view msgpack{};
};

/// One thread at a time. Opening throws RunError; any function throws SQLite::Exception when the
/// file is damaged.
class RunReader {
 public:
  /// Throws RunError if its database is none, or a newer one's.
  explicit RunReader(const RunDirectory& directory);
  /// For the process that writes the run. Nothing but SQLite may open and close the file there: a
  /// process that closes any descriptor of a file loses all its locks on it, and the next one to
  /// look at the run would take itself for the last and remove the journal under the writer.
  struct BesideWriter {};
  RunReader(const RunDirectory& directory, BesideWriter tag);

  const RunDirectory& directory() const { return directory_; }

  RunSummary summary();
  /// In the order of the job file.
  std::vector<TaskSummary> tasks();
  /// The same tasks, without a look at their attempts.
  std::vector<TaskDescription> task_descriptions();

  /// The attempts that run now, or ran when the process died.
  std::vector<RecordedAttempt> running(std::size_t limit);
  /// The last attempt of failed instances, each with up to `tail` bytes of the end of its stderr.
  std::vector<RecordedAttempt> failures(std::size_t limit, std::size_t tail);
  /// All attempts of one instance, without output.
  std::vector<RecordedAttempt> attempts(InstanceKey instance);

  /// Visits the selected attempts in the order of task, instance and attempt, with their output.
  /// Throws RunError if the run has no task of the selected name.
  void visit_outputs(const RunSelection& selection,
                     const std::function<void(const RecordedAttempt&)>& visit);

  /// Visits every attempt, also those that run, and the rows of what was settled without one.
  void visit_attempts(AttemptOrder order, const AttemptParts& parts,
                      const std::function<void(const RecordedAttempt&)>& visit);
  /// In the order of their first attempts.
  std::vector<WorkerSpan> workers();
  /// All that is asked in `read` has the answers of one moment, however long it takes.
  void with_snapshot(const std::function<void()>& read);

  /// Visits the results of the selected instances in the order of task and index.
  void visit_results(const RunSelection& selection,
                     const std::function<void(const RecordedResult&)>& visit);

  /// Visits what `--resume` needs to know of every instance that had an attempt: those in their
  /// places in the order of task and index, then those that were put aside.
  void visit_instances(const std::function<void(const EarlierInstance&)>& visit);

 private:
  std::string selected_tasks(const RunSelection& selection);
  std::string selected_rows(const RunSelection& selection);
  void visit_instances(const char* table, const char* shelf, const char* order,
                       const std::function<void(const EarlierInstance&)>& visit);

  RunDirectory directory_;
  SQLite::Database database_;
};

}  // namespace procfarm::cli
