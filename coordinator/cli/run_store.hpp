// SPDX-License-Identifier: MIT
// run_store.hpp - one run database open for writing: makes or reopens the file and turns records
// into rows. Knows no thread and no queue (RunWriter's); reading rows is RunReader's business.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <array>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "row_mover.hpp"
#include "run_directory.hpp"
#include "run_record.hpp"

namespace procfarm::cli {

/// The connection and its prepared statements. One thread at a time. All functions throw
/// SQLite::Exception when the file cannot be written; failure_text() makes a message of it.
class RunStore {
 public:
  /// Makes a new database, mode 0600, or none: throws RunError, with path and cause, also if there
  /// is one already. With `durable` a
  /// commit survives a power cut, without it only the death of every process.
  static std::unique_ptr<RunStore> create(const RunDirectory& directory, const RunDescription& run,
                                          bool durable);

  /// Opens the database of an earlier run to go on with it. What had ended when its process died is
  /// taken from the journal of ends; what was running (a row says so, or the file of what is in
  /// flight) becomes a failed attempt with the cause `interrupted`, to be followed by another; what
  /// was skipped is open again. Throws RunError if the file is not a run database, newer, damaged,
  /// or cannot be written.
  static std::unique_ptr<RunStore> reopen(const RunDirectory& directory, const RunDescription& run,
                                          bool durable);

  /// Writes down what the process that died has noted and not committed. Without such notes nothing
  /// is opened. Throws as reopen().
  static void recover(const RunDirectory& directory);

  ~RunStore();
  RunStore(const RunStore&) = delete;
  RunStore& operator=(const RunStore&) = delete;

  /// Opens a transaction unless one is open.
  void begin();
  /// Ends it; when this returns, what was written is in the file. Without a transaction: nothing.
  void commit();

  void write(const TaskDescription& task);
  void write(const InstanceCount& count);
  void write(const AttemptStarted& attempt);
  void write(const AttemptFinished& attempt);
  void write(const RunEnd& end);
  void write(const InstanceReopened& instance);
  void write(const ShelvedRows& rows);
  void write(const RestoredRows& rows);
  void write(const TasksForgotten& tasks);

  /// Something the user should know about how this file is written.
  const std::optional<std::string>& note() const { return note_; }

  /// `error` with the file's path and the cause, for people.
  std::string failure_text(const std::exception& error) const;

 private:
  /// A statement that is prepared when it is first needed.
  class Insert {
   public:
    Insert(SQLite::Database& database, const char* sql) : database_(database), sql_(sql) {}
    SQLite::Statement& statement() {
      if (!statement_) statement_.emplace(database_, sql_);
      return *statement_;
    }
    void finalize() { statement_.reset(); }

   private:
    SQLite::Database& database_;
    const char* sql_;
    std::optional<SQLite::Statement> statement_;
  };

  explicit RunStore(const RunDirectory& directory);
  std::array<Insert*, 4> inserts() {
    return {&insert_task_, &insert_started_, &insert_finished_, &insert_output_};
  }

  static std::unique_ptr<RunStore> open_recovered(const RunDirectory& directory, bool durable);
  void recover(const AttemptFinished& end);
  void make_tables(const RunDescription& run, bool durable);
  void refuse_damage();
  RowMover& row_mover();
  void set_journal(bool durable);
  void insert_views();
  bool checkpoint_all();
  /// Now, so that a file that does not bear it is refused now.
  void prepare();
  void insert_run(const RunDescription& run);
  void continue_run(const RunDescription& run);
  void write_output(const AttemptFinished& attempt);

  std::filesystem::path file_;
  SQLite::Database database_;  // outlives the statements
  Insert insert_task_;
  Insert insert_started_;
  Insert insert_finished_;
  Insert insert_output_;
  std::unique_ptr<RowMover> row_mover_;  // made when rows are first moved
  bool in_transaction_ = false;
  std::optional<std::string> note_;
};

}  // namespace procfarm::cli
