// SPDX-License-Identifier: MIT
// runner_events.cpp - what other threads have told: attempts that ended, commits, rows.
#include <algorithm>
#include <chrono>
#include <utility>

#include "runner.hpp"
#include "show_output.hpp"
#include "skip_reason.hpp"
#include "units.hpp"

namespace procfarm::cli {
namespace {

constexpr std::size_t tail_bytes = 4096;
constexpr int duration_weight = 32;  // of what was learnt before, against one new duration

/// The command of an attempt that never had one with its values.
std::string unresolved_command(const TaskSpec& task) {
  const Action& action = task.action;
  if (action.kind == ActionKind::shell) return action.shell.source();
  if (action.kind == ActionKind::function) return action.module + "." + action.function;
  std::string line;
  for (const Template& word : action.command) line += (line.empty() ? "" : " ") + word.source();
  return line;
}

/// Which limit it was that the attempt went over.
void tell_limit(AttemptReport& report, const TaskSpec& task, const RunOptions& options) {
  AttemptFinished& record = report.record;
  const auto timeout = options.timeout ? options.timeout : task.timeout;
  if (report.kind == FailureKind::timeout && timeout) {
    record.error_message = "the limit is " + format_duration(*timeout);
  }
  if (report.kind != FailureKind::memory || !task.memory) return;
  record.error_message = "the limit is " + format_size(*task.memory);
  if (record.peak_memory > *task.memory) {  // else it was not seen
    record.error_message += ", its peak was " + format_size(record.peak_memory);
  }
}

}  // namespace

const char* why_not_needed(const TaskSpec& task) { return not_wanted_text(when_word(task.when)); }

void Runner::handle(Events&& events) {
  for (AttemptReport& report : events.ended) {
    launcher_.ended(report.record.key);
    ended(std::move(report));
  }
  for (const auto& [task, count] : events.rows_counted) expect_rows(task, count);
  for (const std::uint32_t task : events.rows_arrived) plan_->rows_arrived(task);
  if (events.database_failure && !std::exchange(database_failed_, true)) {
    ending_.write_failed();
    drain(*events.database_failure);
  }
  note_begun();
  session_->committed(events.committed);
  reporter_->committed(events.committed);
  if (plan_->done() && !tasks_may_come()) tell_changed();
}

/// Those behind which others have ended begin now.
void Runner::note_begun() {
  if (!session_->is_kept()) return;
  for (const RunningAttempt& running : launcher_.newly_begun()) {
    const auto active = active_.find(running.key.instance);
    if (active == active_.end()) continue;
    session_->begun({.key = running.key,
                     .worker_pid = running.worker_pid,
                     .started = running.started,
                     .hash = active->second.prepared.hash});
  }
}

void Runner::ended(AttemptReport&& report) {
  const auto entry = active_.find(report.record.key.instance);
  if (entry == active_.end()) return;
  ActiveInstance& active = entry->second;
  if (killed_ && report.kind == FailureKind::worker_lost) {
    report.record.outcome = AttemptOutcome::cancelled;  // our own doing
    report.record.cause = "cancelled";
  }
  if (report.pool_broken && !plan_->stopped()) {
    ending_.farm_failed();
    drain(report.record.error_message);
  }
  // What a broken farm had not begun is work that is left.
  const bool never_begun = report.pool_broken && report.record.started == TimePoint{};
  if (report.record.outcome == AttemptOutcome::cancelled || never_begun) {
    withdraw(std::move(report), active);
    active_.erase(entry);
    return;
  }
  conclude_attempt(report, active.prepared);
  if (session_->is_kept()) fit_into_database(report);
  tell_limit(report, *tasks_[report.record.key.instance.task].spec, options_.running);
  active.prepared.out_file.reset();
  active.prepared.err_file.reset();
  if (report.record.cause == output_write_cause) ending_.write_failed();
  if (report.pool_broken) report.record.error_message = "the farm failed";
  learn_duration(report);
  settle_or_retry(std::move(report), active);
}

void Runner::settle_or_retry(AttemptReport&& report, ActiveInstance& active) {
  const InstanceKey instance = report.record.key.instance;
  const TaskSpec& task = *tasks_[instance.task].spec;
  const Retries retries = task.retries.value_or(Retries{});
  const bool passed = report.record.outcome == AttemptOutcome::passed;
  // A disk that is full will not be less so at the next attempt.
  if (is_lost_too_often(report, active)) quarantine(report, active);
  const std::string& cause = report.record.cause;
  const bool retryable = !passed && cause != output_write_cause && cause != quarantined_cause &&
                         cause != "data" && retry_wanted(retries, report);
  const Verdict verdict = plan_->finished(instance, passed, retryable, Clock::now());
  report.record.settled = verdict.settled;
  report.record.label = active.instance.label;
  report.record.hash = active.prepared.hash;
  ShownAttempt told = shown(report, active);
  free_worker_number(active);
  last_sequence_ = session_->ended(std::move(report.record));
  reporter_->ended(std::move(told), last_sequence_);
  if (!verdict.settled) return;
  active_.erase(instance);
  release_if_settled(instance.task);
  check_halt();
}

/// The attempt was cancelled. One that had begun is told, with what it has printed; one that had
/// not never was.
void Runner::withdraw(AttemptReport&& report, ActiveInstance& active) {
  const bool begun = report.record.started != TimePoint{};
  plan_->withdraw(report.record.key.instance);
  if (!begun) {
    session_->never_began(report.record.key);
    return;
  }
  conclude_attempt(report, active.prepared);
  if (session_->is_kept()) fit_into_database(report);
  report.record.label = active.instance.label;
  report.record.hash = active.prepared.hash;
  ShownAttempt told = shown(report, active);
  last_sequence_ = session_->ended(std::move(report.record));
  reporter_->ended(std::move(told), last_sequence_);
}

/// Its place among all of the job. Where it is not known by now how many instances a task before
/// it has, they have none.
std::uint64_t Runner::number_of(const InstanceKey& instance) {
  for (; numbered_ < instance.task; ++numbered_) {
    const TaskRuntime& task = tasks_[numbered_];
    const auto counted = row_counts_.find(numbered_);
    const std::uint64_t rows = counted == row_counts_.end() ? 0 : counted->second;
    tasks_[numbered_ + 1].first_number = task.first_number + task.count.value_or(rows);
  }
  return tasks_[instance.task].first_number + instance.index;
}

ShownAttempt Runner::shown(const AttemptReport& report, const ActiveInstance& active) {
  const AttemptFinished& record = report.record;
  const TaskSpec& task = *tasks_[record.key.instance.task].spec;
  ShownAttempt told{.key = record.key,
                    .outcome = record.outcome,
                    .settled = record.settled,
                    .number = number_of(record.key.instance),
                    .task = task.name,
                    .name = instance_name(task, record.key.instance.index),
                    .label = active.instance.label,
                    .command = active.prepared.command,
                    .cause = record.cause,
                    .exit_code = record.exit_code,
                    .signal = record.signal,
                    .worker_pid = record.worker_pid,
                    .started = record.started,
                    .finished = record.finished,
                    .cpu_time = record.cpu_time,
                    .peak_memory = record.peak_memory,
                    .print_out = active.prepared.print_out,
                    .print_err = active.prepared.print_err};
  if (told.command.empty() && told.key.attempt > 0) told.command = unresolved_command(task);
  if (record.outcome == AttemptOutcome::failed) told.reason = how_it_ended(record);
  if (record.outcome == AttemptOutcome::skipped) {
    told.reason = record.cause == "needs" ? why_not_needed(task) : "up to date";
  }
  if (told.print_out || reporter_->wants_outputs()) told.out = record.stdout_bytes;
  if (told.print_err || reporter_->wants_outputs()) told.err = record.stderr_bytes;
  const std::string& err = record.stderr_bytes;
  // What is printed as a block need not be said twice.
  if (record.outcome == AttemptOutcome::failed && !told.print_err) {
    told.stderr_tail = err.substr(err.size() - std::min(err.size(), tail_bytes));
  }
  if (reporter_->wants_results()) told.result = record.result;
  return told;
}

void Runner::learn_duration(const AttemptReport& report) {
  const bool call = tasks_[report.record.key.instance.task].signature != nullptr;
  const Duration took = report.record.finished - report.record.started;
  Duration& mean = call ? mean_call_ : mean_command_;
  mean = mean == Duration::zero() ? took : (mean * (duration_weight - 1) + took) / duration_weight;
  if (call) {
    plan_->set_function_window(window_ahead(jobs_, mean));
  } else if (mean > Duration::zero()) {
    plan_->set_command_window(window_ahead(jobs_, mean));
  }
}

/// A stream may have any number of tasks: what is settled gives its memory back.
void Runner::release_if_settled(std::uint32_t number) {
  if (!task_stream_ || !plan_->settled(number)) return;
  tasks_[number].feed.reset();
  tasks_[number].spec.reset();
}

}  // namespace procfarm::cli
