// SPDX-License-Identifier: MIT
// run_session.hpp - where a run is kept while it goes on: its directory, the writer of its
// database, and what tasks that are done have left in there for those that need them. With --no-db
// nothing. A run that is resumed goes on where it was kept.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earlier_work.hpp"
#include "event_queue.hpp"
#include "instance.hpp"
#include "job.hpp"
#include "options.hpp"
#include "run_directory.hpp"
#include "run_notes.hpp"
#include "run_reader.hpp"
#include "run_record.hpp"
#include "run_writer.hpp"
#include "shown_attempt.hpp"

namespace procfarm::cli {

/// One thread at a time.
class RunSession : public OtherTasks {
 public:
  /// Makes the run's directory and database, unless `options` want none. Commits and failures are
  /// told to `events`. Throws RunError or SQLite::Exception.
  RunSession(const Job& job, const Options& options, int jobs, EventQueue& events);

  /// Goes on with the run of this directory. Throws RunError if it cannot be taken up: it is
  /// in use, foreign, damaged; SQLite::Exception or std::system_error if it cannot be written.
  RunSession(const Job& job, const Options& options, int jobs, EventQueue& events,
             const RunDirectory& resumed);

  /// Only looks at the run of this directory. Nothing is recorded, but for what a process that was
  /// killed has noted and not committed.
  RunSession(const Job& job, const RunDirectory& looked_at);
  ~RunSession() override;

  bool is_kept() const { return writer_ != nullptr; }
  /// Empty if nothing is kept.
  const std::string& id() const { return id_; }
  std::string directory() const { return directory_.path.string(); }
  /// Something the user should know about how the database is written.
  std::optional<std::string> note() const;

  /// The record's sequence number; 0 if nothing is kept.
  std::uint64_t record(RunRecord&& record);
  void record_task(std::uint32_t number, const TaskSpec& task,
                   std::optional<std::uint64_t> instances);
  /// Waits until all is committed; false if that failed.
  bool flush();

  /// An attempt has begun; said twice is said once.
  void begun(const AttemptStarted& attempt);
  /// An attempt has ended: from now on it is known to whoever resumes the run, also if this process
  /// is killed before that is committed. Returns the record's sequence number.
  std::uint64_t ended(AttemptFinished&& end);
  /// It never began: no record speaks of it.
  void never_began(const AttemptKey& key);
  void committed(std::uint64_t sequence);
  /// Nothing runs any more.
  void finish();

  /// What was there when the run was taken up.
  EarlierWork earlier_work();
  /// All attempts of an instance that are recorded, without output.
  std::vector<RecordedAttempt> attempts(InstanceKey instance);

  /// Fills in the output of a recorded attempt.
  void reload_output(ShownAttempt& attempt);

  std::optional<Value> result(const std::string& task, std::uint64_t index) const override;
  std::optional<Value> stdout_text(const std::string& task, std::uint64_t index) const override;
  std::optional<Value> results(const std::string& task) const override;
  std::optional<Value> results_file(const std::string& task) const override;
  std::string why_absent(const std::string& task, std::uint64_t index) const override;

 private:
  RunWriterOptions writer_options(const Options& options, EventQueue& events);
  void forget_results_files();
  RunReader* reader() const;
  RunSelection only(const std::string& task, std::uint64_t index) const;

  const Job& job_;
  RunDirectory directory_{};
  std::string id_;
  std::unique_ptr<RunWriter> writer_;          // null: nothing is kept
  std::unique_ptr<RunNotes> notes_;            // null: nothing is kept
  mutable std::unique_ptr<RunReader> reader_;  // opened when first needed
  mutable bool unflushed_ = false;
  mutable std::map<std::string, Value> whole_results_;  // of tasks that are done
};

}  // namespace procfarm::cli
