// SPDX-License-Identifier: MIT
// export_tables.cpp - formats with a line for each attempt. CSV and JSON Lines come from one list
// of members, so that they never differ in more than their writing.
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "export_formats.hpp"
#include "task_records.hpp"
#include "value.hpp"
#include "work_hash.hpp"

namespace procfarm::cli {
namespace {

bool has_ended(const AttemptFinished& attempt) {
  return attempt.outcome != AttemptOutcome::running;
}

template <class T>
Value or_null(const std::optional<T>& value) {
  return value ? Value(*value) : Value(nullptr);
}

Value text_or_null(const std::string& text) { return text.empty() ? Value(nullptr) : Value(text); }

Value time_or_null(TimePoint time) {
  return time == TimePoint{} ? Value(nullptr) : Value(utc_time(time));
}

Value seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// How an attempt went, which one without a beginning, or without an end, cannot tell.
void add_course(Value& row, const AttemptFinished& attempt) {
  const bool began = attempt.key.attempt > 0 && attempt.started != TimePoint{};
  const auto took = attempt.took();
  const bool measured = began && took;
  row["started"] = began ? time_or_null(attempt.started) : Value(nullptr);
  row["finished"] = measured ? time_or_null(attempt.finished) : Value(nullptr);
  row["seconds"] = measured ? seconds(*took) : Value(nullptr);
  row["cpu_seconds"] = measured ? seconds(attempt.cpu_time) : Value(nullptr);
  row["peak_memory"] = measured ? Value(attempt.peak_memory) : Value(nullptr);
  row["worker_pid"] = attempt.worker_pid == 0 ? Value(nullptr) : Value(attempt.worker_pid);
}

Value row_of(const RecordedAttempt& read) {
  const AttemptFinished& attempt = read.attempt;
  Value row;
  row["task"] = read.task;
  row["index"] = attempt.key.instance.index;
  row["name"] = read.instance_name();
  row["attempt"] = attempt.key.attempt;
  row["outcome"] = outcome_name(attempt.outcome);
  row["settled"] = attempt.settled;
  row["cause"] = text_or_null(attempt.cause);
  row["exit_code"] = or_null(attempt.exit_code);
  row["signal"] = or_null(attempt.signal);
  add_course(row, attempt);
  row["error_type"] = text_or_null(attempt.error_type);
  row["error_message"] = text_or_null(attempt.error_message);
  row["label"] = text_or_null(attempt.label);
  row["hash"] = text_or_null(bytes_hex(attempt.hash));
  row["instances"] = attempt.instances;
  row["result"] =
      attempt.result ? decoded_result(*attempt.result, read.instance_name()) : Value(nullptr);
  return row;
}

void visit_rows(RunReader& run, const std::function<void(const Value&)>& visit) {
  run.visit_attempts(AttemptOrder::by_instance, {.result = true},
                     [&visit](const RecordedAttempt& read) { visit(row_of(read)); });
}

std::string csv_head(const Value& row) {
  std::string line;
  for (const auto& [name, value] : row.items()) line += (line.empty() ? "" : ",") + name;
  return line + "\n";
}

std::string csv_line(const Value& row) {
  std::string line;
  for (const auto& [name, value] : row.items()) {
    if (!line.empty()) line += ',';
    if (!value.is_null()) line += csv_cell(text_of(value));
  }
  return line + "\n";
}

/// The command as the job has it, and behind `#` the instance's data.
std::string command_text(const Value& definition, const std::string& label) {
  std::string text;
  if (definition.contains("command")) {
    for (const Value& word : definition["command"]) {
      text += (text.empty() ? "" : " ") + text_of(word);
    }
  }
  for (const char* key : {"shell", "function"}) {
    if (definition.contains(key)) text += text_of(definition[key]);
  }
  return label.empty() ? text : text + " # " + label;
}

}  // namespace

void export_joblog(RunReader& run, ShowOutput& out) {
  std::map<std::uint32_t, Value> definitions;
  std::map<std::uint32_t, std::uint64_t> first_numbers;
  std::uint64_t next_number = 1;
  for (const TaskDescription& task : run.task_descriptions()) {
    definitions[task.task] = Value::parse(task.definition, nullptr, false);
    first_numbers[task.task] = next_number;
    next_number += task.instances.value_or(0);
  }
  out.put(joblog_head);
  run.visit_attempts(AttemptOrder::by_end, {}, [&](const RecordedAttempt& read) {
    const AttemptFinished& attempt = read.attempt;
    if (!has_ended(attempt) || attempt.key.attempt == 0) return;
    const std::string command = command_text(definitions[attempt.key.instance.task], attempt.label);
    const InstanceKey& instance = attempt.key.instance;
    out.put(joblog_line({.number = first_numbers[instance.task] + instance.index,
                         .started = attempt.started,
                         .took = attempt.took().value_or(Duration::zero()),
                         .received = read.stdout_size,
                         .passed = attempt.outcome == AttemptOutcome::passed,
                         .exit_code = attempt.exit_code,
                         .signal = attempt.signal,
                         .command = command}));
  });
}

void export_csv(RunReader& run, ShowOutput& out) {
  out.put(csv_head(row_of({})));
  visit_rows(run, [&out](const Value& row) { out.put(csv_line(row)); });
}

void export_jsonl(RunReader& run, ShowOutput& out) {
  visit_rows(run, [&out](const Value& row) { out.put(json_text(row) + "\n"); });
}

}  // namespace procfarm::cli
