// SPDX-License-Identifier: MIT
// row_mover.hpp - moves the rows of instances between their places and the shelf of a resumed run:
// two more tables, made when a run is first resumed. A reader that does not know them reads the
// file as before, so they are no new version of the format.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <string>

#include "run_record.hpp"

namespace procfarm::cli {

/// The statements, prepared once: a changed job may move every row. One thread at a time; must not
/// outlive the database. All throw SQLite::Exception.
class RowMover {
 public:
  /// Makes the tables of the shelf if there are none.
  static void make_shelf(SQLite::Database& database);

  explicit RowMover(SQLite::Database& database);

  void shelve(const ShelvedRows& rows);
  void restore(const RestoredRows& rows);

 private:
  /// Rows are copied, then removed where they were.
  struct Move {
    Move(SQLite::Database& database, const std::string& copy_sql, const std::string& remove_sql)
        : copy(database, copy_sql), remove(database, remove_sql) {}
    void run();
    SQLite::Statement copy;
    SQLite::Statement remove;
  };

  Move shelve_[2];
  Move restore_[2];
};

}  // namespace procfarm::cli
