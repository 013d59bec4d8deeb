// SPDX-License-Identifier: MIT
// run_store_resume.cpp - a run is taken up again in its own database: what its process left behind
// is settled in one transaction, and rows of instances may move. Every single move leaves each row
// in one of two places, so a run that is killed in between has lost nothing.
#include <SQLiteCpp/Exception.h>
#include <unistd.h>

#include <fmt/format.h>
#include <cerrno>
#include <cstring>

#include "end_journal.hpp"
#include "in_flight_file.hpp"
#include "row_mover.hpp"
#include "run_schema.hpp"
#include "run_store.hpp"

namespace procfarm::cli {
namespace {

constexpr const char* settle_sql = R"sql(
UPDATE attempts SET outcome = 'failed', cause = 'interrupted', settled = 0,
                    error_message = 'the tool died'
  WHERE outcome = 'running';
DELETE FROM attempts WHERE attempt = 0;
)sql";

}  // namespace

std::unique_ptr<RunStore> RunStore::reopen(const RunDirectory& directory, const RunDescription& run,
                                           bool durable) {
  auto store = open_recovered(directory, durable);
  store->database_.exec(settle_sql);
  RowMover::make_shelf(store->database_);
  store->continue_run(run);
  store->commit();
  return store;
}

void RunStore::recover(const RunDirectory& directory) {
  const bool noted = !InFlightFile::read(directory.in_flight_file()).empty() ||
                     !EndJournal::read(directory.end_journal()).empty();
  if (noted) open_recovered(directory, false)->commit();
}

std::unique_ptr<RunStore> RunStore::open_recovered(const RunDirectory& directory, bool durable) {
  check_run_database(directory.database());
  if (::access(directory.database().c_str(), R_OK | W_OK) != 0) {
    throw RunError(fmt::format("cannot write the run database {}: {}",
                               directory.database().string(), std::strerror(errno)));
  }
  auto store = std::unique_ptr<RunStore>(new RunStore(directory));
  store->refuse_damage();
  store->set_journal(durable);
  store->prepare();
  store->begin();
  for (const AttemptStarted& attempt : InFlightFile::read(directory.in_flight_file())) {
    store->write(attempt);  // one that has a row keeps it
  }
  for (const AttemptFinished& end : EndJournal::read(directory.end_journal())) {
    store->recover(end);
  }
  return store;
}

/// After a power cut the journal may be older than the database: what that knows already stays.
void RunStore::recover(const AttemptFinished& end) {
  SQLite::Statement known(database_,
                          "SELECT 1 FROM attempts WHERE task = ? AND instance = ? AND attempt >= ?"
                          " AND outcome <> 'running'");
  known.bind(1, end.key.instance.task);
  known.bind(2, static_cast<std::int64_t>(end.key.instance.index));
  known.bind(3, end.key.attempt);
  if (known.executeStep()) return;
  write(InstanceReopened{end.key.instance});
  write(end);
}

void RunStore::refuse_damage() {
  std::string verdict;
  try {
    verdict = database_.execAndGet("PRAGMA quick_check(1)").getString();
  } catch (const SQLite::Exception& error) {  // damage so deep that it cannot even be looked for
    verdict = error.what();
  }
  if (verdict != "ok") {
    throw RunError(fmt::format("the run database {} is damaged: {}; it is left as it is",
                               file_.string(), verdict));
  }
}

void RunStore::continue_run(const RunDescription& run) {
  SQLite::Statement update(database_,
                           "UPDATE run SET name = ?, job_file = ?, job_text = ?, job_hash = ?,"
                           " command_line = ?, version = ?, host = ?, pid = ?, workers = ?,"
                           " finished_us = NULL, exit_code = NULL, state = 'running'");
  int index = 0;
  for (const std::string* text : {&run.name, &run.job_file, &run.job_text, &run.job_hash,
                                  &run.command_line, &run.version, &run.host}) {
    update.bindNoCopy(++index, *text);
  }
  update.bind(++index, run.pid);
  update.bind(++index, run.workers);
  update.exec();
}

void RunStore::write(const InstanceReopened& instance) {
  SQLite::Statement update(database_,
                           "UPDATE attempts SET settled = 0 WHERE task = ? AND instance = ?");
  update.bind(1, instance.key.task);
  update.bind(2, static_cast<std::int64_t>(instance.key.index));
  update.exec();
}

void RunStore::write(const TasksForgotten& tasks) {
  SQLite::Statement remove(database_, "DELETE FROM tasks WHERE task >= ?");
  remove.bind(1, tasks.first);
  remove.exec();
}

RowMover& RunStore::row_mover() {
  if (!row_mover_) row_mover_ = std::make_unique<RowMover>(database_);
  return *row_mover_;
}

void RunStore::write(const ShelvedRows& rows) { row_mover().shelve(rows); }
void RunStore::write(const RestoredRows& rows) { row_mover().restore(rows); }

}  // namespace procfarm::cli
