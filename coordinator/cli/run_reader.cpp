// SPDX-License-Identifier: MIT
// run_reader.cpp - the questions as SQL. They go to the tables, not to the views: those are for
// people, and join and format more than is needed here.
#include "run_reader.hpp"

#include <fmt/format.h>
#include <SQLiteCpp/Transaction.h>

#include <nlohmann/json.hpp>

#include "diagnostic.hpp"
#include "run_rows.hpp"

namespace procfarm::cli {
namespace {

constexpr int patience_with_the_writer_ms = 5'000;

const RunDirectory& checked(const RunDirectory& directory) {
  check_run_database(directory.database());
  return directory;
}

std::vector<RecordedAttempt> read_attempts(SQLite::Statement& rows) {
  std::vector<RecordedAttempt> attempts;
  while (rows.executeStep()) attempts.push_back(read_attempt(rows));
  return attempts;
}

bool has_tag(std::string_view definition, const std::string& tag) {
  const auto parsed = nlohmann::json::parse(definition, nullptr, false);
  const auto tags = parsed.is_object() ? parsed.find("tags") : parsed.end();
  if (!parsed.is_object() || tags == parsed.end() || !tags->is_array()) return false;
  for (const auto& each : *tags) {
    if (each == tag) return true;
  }
  return false;
}

const char* order_columns(AttemptOrder order) {
  switch (order) {
    case AttemptOrder::by_start: return "a.started_us, a.task, a.instance, a.attempt";
    case AttemptOrder::by_end: return "a.finished_us, a.task, a.instance, a.attempt";
    case AttemptOrder::by_instance: break;
  }
  return "a.task, a.instance, a.attempt";
}

}  // namespace

std::string RecordedAttempt::instance_name() const {
  if (!repeated) return escape_control(task);
  return fmt::format("{}[{}]", escape_control(task), attempt.key.instance.index);
}

RunReader::RunReader(const RunDirectory& directory)
    : RunReader(checked(directory), BesideWriter{}) {}

RunReader::RunReader(const RunDirectory& directory, BesideWriter /*tag*/)
    : directory_(directory),
      database_(directory_.database().string(), SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX,
                patience_with_the_writer_ms) {}

RunSummary RunReader::summary() {
  SQLite::Statement row(
      database_,
      "SELECT id, name, job_file, job_text, job_hash, command_line, version, host,"
      " pid, workers, started_us, finished_us, state, exit_code FROM run");
  if (!row.executeStep()) {
    throw RunError(fmt::format("{} has no run in it", directory_.database().string()));
  }
  RunSummary summary;
  RunDescription& run = summary.run;
  int column = 0;
  for (std::string* text : {&run.id, &run.name, &run.job_file, &run.job_text, &run.job_hash,
                            &run.command_line, &run.version, &run.host}) {
    *text = text_of_column(row.getColumn(column++));
  }
  run.pid = row.getColumn(8).getInt();
  run.workers = row.getColumn(9).getInt();
  run.started = from_microseconds(row.getColumn(10).getInt64());
  if (!row.getColumn(11).isNull()) {
    summary.finished = from_microseconds(row.getColumn(11).getInt64());
  }
  summary.state = text_of_column(row.getColumn(12));
  summary.exit_code = optional_integer(row.getColumn(13));
  if (summary.state == "running" && !run_lock_holder(directory_)) {
    // It may have ended between the two questions: only a second look at the row can tell.
    SQLite::Statement again(database_, "SELECT 1 FROM run WHERE state = 'running'");
    row.reset();
    if (!again.executeStep()) return this->summary();
    summary.state = "interrupted";
  }
  return summary;
}

std::vector<TaskDescription> RunReader::task_descriptions() {
  SQLite::Statement row(database_,
                        "SELECT task, name, kind, definition, instances FROM tasks ORDER BY task");
  std::vector<TaskDescription> tasks;
  while (row.executeStep()) {
    tasks.push_back({.task = row.getColumn(0).getUInt(),
                     .name = text_of_column(row.getColumn(1)),
                     .kind = text_of_column(row.getColumn(2)),
                     .definition = text_of_column(row.getColumn(3))});
    if (!row.getColumn(4).isNull()) tasks.back().instances = count_of(row.getColumn(4));
  }
  return tasks;
}

std::vector<TaskSummary> RunReader::tasks() {
  SQLite::Statement row(
      database_,
      "SELECT t.task, t.name, t.kind, t.definition, t.instances,"
      " count(CASE WHEN a.settled AND a.outcome = 'passed' THEN 1 END),"
      " count(CASE WHEN a.settled AND a.outcome = 'failed' THEN 1 END),"
      " coalesce(sum(CASE WHEN a.settled AND a.outcome = 'skipped'"
      " THEN coalesce(a.instances, 1) END), 0),"
      " count(CASE WHEN a.settled AND a.outcome = 'cancelled' THEN 1 END),"
      " count(CASE WHEN a.outcome = 'running' THEN 1 END),"
      " count(CASE WHEN a.attempt > 1 THEN 1 END),"
      " coalesce(sum(a.cpu_ns), 0), coalesce(max(a.peak_memory), 0)"
      " FROM tasks t LEFT JOIN attempts a ON a.task = t.task GROUP BY t.task ORDER BY t.task");
  std::vector<TaskSummary> tasks;
  while (row.executeStep()) {
    TaskSummary& summary = tasks.emplace_back();
    summary.task = {row.getColumn(0).getUInt(),
                    text_of_column(row.getColumn(1)),
                    text_of_column(row.getColumn(2)),
                    text_of_column(row.getColumn(3)),
                    {}};
    if (!row.getColumn(4).isNull()) summary.task.instances = count_of(row.getColumn(4));
    summary.passed = count_of(row.getColumn(5));
    summary.failed = count_of(row.getColumn(6));
    summary.skipped = count_of(row.getColumn(7));
    summary.cancelled = count_of(row.getColumn(8));
    summary.running = count_of(row.getColumn(9));
    summary.retries = count_of(row.getColumn(10));
    summary.cpu_time = Duration(row.getColumn(11).getInt64());
    summary.peak_memory = count_of(row.getColumn(12));
  }
  return tasks;
}

std::vector<RecordedAttempt> RunReader::running(std::size_t limit) {
  SQLite::Statement rows(
      database_, select_attempts({}) +
                     fmt::format("a.outcome = 'running' ORDER BY a.started_us LIMIT {}", limit));
  return read_attempts(rows);
}

std::vector<RecordedAttempt> RunReader::failures(std::size_t limit, std::size_t tail) {
  SQLite::Statement rows(database_, select_attempts({.standard_error = tail}) +
                                        fmt::format("a.outcome = 'failed' AND a.settled"
                                                    " ORDER BY a.task, a.instance LIMIT {}",
                                                    limit));
  return read_attempts(rows);
}

std::vector<RecordedAttempt> RunReader::attempts(InstanceKey instance) {
  SQLite::Statement rows(
      database_,
      select_attempts({}) + fmt::format("a.task = {} AND a.instance = {} ORDER BY a.attempt",
                                        instance.task, instance.index));
  return read_attempts(rows);
}

/// The condition on the tasks of attempts `a`.
std::string RunReader::selected_tasks(const RunSelection& selection) {
  if (selection.task.empty() && selection.tag.empty()) return "TRUE";
  std::string tasks;
  SQLite::Statement row(database_, "SELECT task, name, definition FROM tasks");
  while (row.executeStep()) {
    if (!selection.task.empty() && bytes_of(row.getColumn(1)) != selection.task) continue;
    if (!selection.tag.empty() && !has_tag(bytes_of(row.getColumn(2)), selection.tag)) continue;
    tasks += fmt::format("{}{}", tasks.empty() ? "" : ",", row.getColumn(0).getInt64());
  }
  if (tasks.empty()) {
    throw RunError(fmt::format("run {} has no task {}'{}': 'procfarm status {}' lists its tasks",
                               directory_.id(), selection.task.empty() ? "with the tag " : "",
                               escape_control(selection.task + selection.tag), directory_.id()));
  }
  return fmt::format("a.task IN ({})", tasks);
}

/// The condition on attempts `a` for `selection`, but for the choice of the attempt.
std::string RunReader::selected_rows(const RunSelection& selection) {
  std::string where = fmt::format("{} AND a.instance BETWEEN {} AND {}", selected_tasks(selection),
                                  selection.first, selection.last);
  if (selection.failed) {
    where +=
        " AND EXISTS (SELECT 1 FROM attempts f WHERE f.task = a.task"
        " AND f.instance = a.instance AND f.settled AND f.outcome = 'failed')";
  }
  return where;
}

void RunReader::visit_outputs(const RunSelection& selection,
                              const std::function<void(const RecordedAttempt&)>& visit) {
  std::string where = selected_rows(selection);
  if (selection.attempt) {
    where += fmt::format(" AND a.attempt = {}", *selection.attempt);
  } else {
    where +=
        " AND a.attempt = (SELECT max(l.attempt) FROM attempts l WHERE l.task = a.task"
        " AND l.instance = a.instance)";
  }
  const AttemptParts outputs{.standard_output = true, .standard_error = AttemptParts::all};
  SQLite::Statement rows(
      database_, select_attempts(outputs) + where + " ORDER BY a.task, a.instance, a.attempt");
  while (rows.executeStep()) visit(read_attempt(rows));
}

void RunReader::visit_attempts(AttemptOrder order, const AttemptParts& parts,
                               const std::function<void(const RecordedAttempt&)>& visit) {
  SQLite::Statement rows(database_,
                         select_attempts(parts) + "TRUE ORDER BY " + order_columns(order));
  while (rows.executeStep()) visit(read_attempt(rows));
}

std::vector<WorkerSpan> RunReader::workers() {
  SQLite::Statement row(database_,
                        "SELECT worker_pid, min(started_us), max(finished_us),"
                        " max(finished_us IS NULL) FROM attempts WHERE worker_pid IS NOT NULL"
                        " GROUP BY worker_pid ORDER BY 2, 1");
  std::vector<WorkerSpan> workers;
  while (row.executeStep()) {
    WorkerSpan& worker = workers.emplace_back();
    worker.pid = row.getColumn(0).getInt();
    worker.first = from_microseconds(row.getColumn(1).getInt64());
    worker.last = from_microseconds(row.getColumn(2).getInt64());
    if (row.getColumn(3).getInt() != 0) worker.last = TimePoint::max();
  }
  return workers;
}

void RunReader::with_snapshot(const std::function<void()>& read) {
  SQLite::Transaction snapshot(database_);  // nothing is written: it only ends
  read();
}

void RunReader::visit_results(const RunSelection& selection,
                              const std::function<void(const RecordedResult&)>& visit) {
  SQLite::Statement row(database_,
                        fmt::format("SELECT a.task, a.instance, t.name, a.label, a.result"
                                    " FROM attempts a JOIN tasks t ON t.task = a.task"
                                    " WHERE a.settled AND a.result IS NOT NULL AND {}"
                                    " ORDER BY a.task, a.instance",
                                    selected_rows(selection)));
  while (row.executeStep()) {
    visit({instance_key(row), bytes_of(row.getColumn(2)), bytes_of(row.getColumn(3)),
           bytes_of(row.getColumn(4))});
  }
}

void RunReader::visit_instances(const std::function<void(const EarlierInstance&)>& visit) {
  visit_instances("attempts", "0", "task, instance", visit);
  if (database_.tableExists("shelved_attempts")) {
    visit_instances("shelved_attempts", "shelf", "shelf, task, instance", visit);
  }
}

void RunReader::visit_instances(const char* table, const char* shelf, const char* order,
                                const std::function<void(const EarlierInstance&)>& visit) {
  // Of the row with the highest attempt, as SQLite promises for a query with one max() in it.
  SQLite::Statement row(
      database_,
      fmt::format("SELECT task, instance, max(attempt), outcome, settled, cause, hash, {1},"
                  " sum(outcome = 'running' OR (outcome = 'failed'"
                  " AND coalesce(cause, '') IN ('worker-lost', 'interrupted', 'quarantined')))"
                  " FROM {0} WHERE attempt > 0 GROUP BY {2} ORDER BY {2}",
                  table, shelf, order));
  while (row.executeStep()) {
    visit({.key = instance_key(row),
           .shelf = row.getColumn(7).getUInt(),
           .outcome = outcome_of(row.getColumn(3)),
           .settled = row.getColumn(4).getInt() != 0,
           .interrupted = bytes_of(row.getColumn(5)) == "interrupted",
           .attempts = row.getColumn(2).getInt(),
           .losses = row.getColumn(8).getInt(),
           .hash = bytes_of(row.getColumn(6))});
  }
}

}  // namespace procfarm::cli
