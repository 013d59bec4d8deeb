// SPDX-License-Identifier: MIT
// run_rows.hpp - columns and rows of a run database as plain values, for those who put the
// questions (RunReader).
#pragma once

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "run_reader.hpp"
#include "run_record.hpp"

namespace procfarm::cli {

/// Valid until the next row.
std::string_view bytes_of(const SQLite::Column& column);
std::string text_of_column(const SQLite::Column& column);
std::uint64_t count_of(const SQLite::Column& column);
std::optional<int> optional_integer(const SQLite::Column& column);

/// Of a row that begins with task and instance.
InstanceKey instance_key(SQLite::Statement& row);

/// Throws RunError if the word is none.
AttemptOutcome outcome_of(const SQLite::Column& column);

/// `SELECT ... FROM ... WHERE ` for attempts, which are called `a` in what follows. Each row is one
/// for read_attempt().
std::string select_attempts(const AttemptParts& parts);

RecordedAttempt read_attempt(SQLite::Statement& row);

}  // namespace procfarm::cli
