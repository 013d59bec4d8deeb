// SPDX-License-Identifier: MIT
// run_rows.cpp - the one list of an attempt's columns, and its reading in the same order.
#include "run_rows.hpp"

#include <fmt/format.h>

#include "diagnostic.hpp"

namespace procfarm::cli {
namespace {

constexpr const char* attempt_columns =
    "a.task, a.instance, a.attempt, a.outcome, a.settled, a.cause, a.worker_pid, a.started_us,"
    " a.finished_us, a.exit_code, a.signal, a.cpu_ns, a.peak_memory, a.error_type,"
    " a.error_message, a.label, a.hash, a.instances, t.name,"
    " coalesce(json_extract(t.definition, '$.repeated'), 1), length(o.stdout)";

std::string stderr_column(std::size_t wanted) {
  if (wanted == 0) return "NULL";
  return wanted == AttemptParts::all ? "o.stderr" : fmt::format("substr(o.stderr, -{})", wanted);
}

}  // namespace

std::string_view bytes_of(const SQLite::Column& column) {
  const auto* data = static_cast<const char*>(column.getBlob());
  return data == nullptr ? std::string_view()
                         : std::string_view(data, static_cast<std::size_t>(column.getBytes()));
}

std::string text_of_column(const SQLite::Column& column) { return std::string(bytes_of(column)); }

std::uint64_t count_of(const SQLite::Column& column) {
  return static_cast<std::uint64_t>(column.getInt64());
}

std::optional<int> optional_integer(const SQLite::Column& column) {
  return column.isNull() ? std::nullopt : std::optional<int>(column.getInt());
}

InstanceKey instance_key(SQLite::Statement& row) {
  return {row.getColumn(0).getUInt(), count_of(row.getColumn(1))};
}

AttemptOutcome outcome_of(const SQLite::Column& column) {
  const std::optional<AttemptOutcome> outcome = outcome_named(bytes_of(column));
  if (!outcome) {
    throw RunError(fmt::format("the run database is damaged: an attempt has the outcome '{}'",
                               escape_control(bytes_of(column))));
  }
  return *outcome;
}

std::string select_attempts(const AttemptParts& parts) {
  return fmt::format(
      "SELECT {}, {}, {}, {} FROM attempts a JOIN tasks t ON t.task = a.task"
      " LEFT JOIN outputs o ON o.task = a.task AND o.instance = a.instance"
      " AND o.attempt = a.attempt WHERE ",
      attempt_columns, parts.standard_output ? "o.stdout" : "NULL",
      stderr_column(parts.standard_error), parts.result ? "a.result" : "NULL");
}

RecordedAttempt read_attempt(SQLite::Statement& row) {
  RecordedAttempt read;
  AttemptFinished& attempt = read.attempt;
  attempt.key = {instance_key(row), row.getColumn(2).getInt()};
  attempt.outcome = outcome_of(row.getColumn(3));
  attempt.settled = row.getColumn(4).getInt() != 0;
  attempt.cause = text_of_column(row.getColumn(5));
  attempt.worker_pid = row.getColumn(6).getInt();
  attempt.started = from_microseconds(row.getColumn(7).getInt64());
  attempt.finished = from_microseconds(row.getColumn(8).getInt64());
  attempt.exit_code = optional_integer(row.getColumn(9));
  attempt.signal = optional_integer(row.getColumn(10));
  attempt.cpu_time = Duration(row.getColumn(11).getInt64());
  attempt.peak_memory = count_of(row.getColumn(12));
  attempt.error_type = text_of_column(row.getColumn(13));
  attempt.error_message = text_of_column(row.getColumn(14));
  attempt.label = text_of_column(row.getColumn(15));
  attempt.hash = text_of_column(row.getColumn(16));
  if (!row.getColumn(17).isNull()) attempt.instances = count_of(row.getColumn(17));
  read.task = text_of_column(row.getColumn(18));
  read.repeated = row.getColumn(19).getInt() != 0;
  read.stdout_size = count_of(row.getColumn(20));
  attempt.stdout_bytes = text_of_column(row.getColumn(21));
  attempt.stderr_bytes = text_of_column(row.getColumn(22));
  if (!row.getColumn(23).isNull()) attempt.result = text_of_column(row.getColumn(23));
  return read;
}

}  // namespace procfarm::cli
