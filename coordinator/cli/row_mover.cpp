// SPDX-License-Identifier: MIT
// row_mover.cpp - attempts and outputs alike. What was settled without an attempt is not kept: it
// is found out again.
#include "row_mover.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstdint>
#include <limits>

namespace procfarm::cli {
namespace {

constexpr const char* attempt_values =
    "outcome, settled, cause, worker_pid, started_us, finished_us, exit_code, signal, cpu_ns,"
    " peak_memory, error_type, error_message, hash, label, result, instances";
constexpr const char* output_values = "stdout, stderr";

constexpr const char* shelf_sql = R"sql(
CREATE TABLE IF NOT EXISTS shelved_attempts (
  shelf INTEGER NOT NULL,
  task INTEGER NOT NULL, instance INTEGER NOT NULL, attempt INTEGER NOT NULL,
  outcome TEXT NOT NULL, settled INTEGER NOT NULL, cause TEXT,
  worker_pid INTEGER, started_us INTEGER, finished_us INTEGER,
  exit_code INTEGER, signal INTEGER, cpu_ns INTEGER, peak_memory INTEGER,
  error_type TEXT, error_message TEXT, hash BLOB, label TEXT, result BLOB,
  instances INTEGER,
  PRIMARY KEY (shelf, task, instance, attempt)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shelved_outputs (
  shelf INTEGER NOT NULL,
  task INTEGER NOT NULL, instance INTEGER NOT NULL, attempt INTEGER NOT NULL,
  stdout BLOB, stderr BLOB,
  PRIMARY KEY (shelf, task, instance, attempt)) WITHOUT ROWID;
)sql";

std::int64_t bound(std::uint64_t index) {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(std::min(index, most));
}

std::string shelve_sql(const char* table, const char* values, const char* which) {
  return fmt::format(
      "INSERT OR REPLACE INTO shelved_{0} (shelf, task, instance, attempt, {1})"
      " SELECT ?4, task, instance, attempt, {1} FROM {0}"
      " WHERE task = ?1 AND instance BETWEEN ?2 AND ?3{2}",
      table, values, which);
}

std::string drop_sql(const char* table) {
  return fmt::format("DELETE FROM {} WHERE task = ?1 AND instance BETWEEN ?2 AND ?3", table);
}

std::string restore_sql(const char* table, const char* values) {
  return fmt::format(
      "INSERT OR REPLACE INTO {0} (task, instance, attempt, {1})"
      " SELECT ?4, ?5, attempt, {1} FROM shelved_{0}"
      " WHERE shelf = ?1 AND task = ?2 AND instance = ?3",
      table, values);
}

std::string unshelve_sql(const char* table) {
  return fmt::format("DELETE FROM shelved_{} WHERE shelf = ?1 AND task = ?2 AND instance = ?3",
                     table);
}

}  // namespace

void RowMover::make_shelf(SQLite::Database& database) { database.exec(shelf_sql); }

RowMover::RowMover(SQLite::Database& database)
    : shelve_{Move(database, shelve_sql("attempts", attempt_values, " AND attempt > 0"),
                   drop_sql("attempts")),
              Move(database, shelve_sql("outputs", output_values, ""), drop_sql("outputs"))},
      restore_{Move(database, restore_sql("attempts", attempt_values), unshelve_sql("attempts")),
               Move(database, restore_sql("outputs", output_values), unshelve_sql("outputs"))} {}

void RowMover::Move::run() {
  for (SQLite::Statement* part : {&copy, &remove}) {
    part->exec();
    part->reset();
  }
}

void RowMover::shelve(const ShelvedRows& rows) {
  for (Move& move : shelve_) {
    for (SQLite::Statement* part : {&move.copy, &move.remove}) {
      part->bind(1, rows.task);
      part->bind(2, bound(rows.first));
      part->bind(3, bound(rows.last));
    }
    move.copy.bind(4, rows.shelf);
    move.run();
  }
}

void RowMover::restore(const RestoredRows& rows) {
  for (Move& move : restore_) {
    for (SQLite::Statement* part : {&move.copy, &move.remove}) {
      part->bind(1, rows.shelf);
      part->bind(2, rows.from.task);
      part->bind(3, bound(rows.from.index));
    }
    move.copy.bind(4, rows.to.task);
    move.copy.bind(5, bound(rows.to.index));
    move.run();
  }
}

}  // namespace procfarm::cli
