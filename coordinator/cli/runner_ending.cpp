// SPDX-License-Identifier: MIT
// runner_ending.cpp - a run's end: whether work is left, and the last records and words.
#include <chrono>
#include <stdexcept>

#include "runner.hpp"

namespace procfarm::cli {

int Runner::finish_run() {
  launcher_.begin_shutdown();  // and ends with it, while the end of the run is recorded and told
  row_counter_.reset();
  check_selection();
  const bool is_read = ending_.exit_code(false, false) == 0;
  if (input_.stream && tasks_.empty() && is_read) reporter_->message("the job has no tasks");
  const bool work_left = is_work_left();
  const int recorded = record_end(work_left);
  reporter_->finish_outputs();
  check_outputs();
  reporter_->run_finished({.run = session_->id(),
                           .state = ending_.state(plan_->counts().failed > 0, work_left),
                           .exit_code = verdict(work_left)});
  check_outputs();
  // What is told only now, as it is recorded only now, may have found a full disk.
  if (verdict(work_left) != recorded) record_end(work_left);
  session_->finish();
  reporter_->summary(jobs_, ending_.reason(work_left));
  return verdict(work_left);
}

int Runner::verdict(bool work_left) const {
  return ending_.exit_code(plan_->counts().failed > 0, work_left);
}

/// Returns the exit code that is in the record.
int Runner::record_end(bool work_left) {
  const int exit_code = verdict(work_left);
  session_->record(RunEnd{.state = ending_.state(plan_->counts().failed > 0, work_left),
                          .exit_code = exit_code,
                          .finished = std::chrono::system_clock::now()});
  session_->flush();
  handle(events_.take());
  return exit_code;
}

/// Of a run that was stopped. What cannot be told without waiting counts as left.
bool Runner::is_work_left() {
  for (std::uint32_t number = 0; number < tasks_.size(); ++number) find_end_of_rows(number);
  return plan_->open_tasks() > 0 || task_dropped_ || (stream_open_ && !find_end_of_stream());
}

/// The last row of a task may have ended before it was known to be the last.
void Runner::find_end_of_rows(std::uint32_t number) {
  TaskRuntime& task = tasks_[number];
  if (task.count || task.counted || !task.feed || plan_->settled(number)) return;
  try {  // rows that cannot be read are something that is left
    if (const auto count = task.feed->find_end()) rows_ended(number, *count);
  } catch (const JobError&) {
  }
}

/// True if no further task is in the stream.
bool Runner::find_end_of_stream() {
  try {  // a bad line is something that is left
    if (task_stream_->take().state != ReadAhead<TaskSpec>::State::end) return false;
  } catch (const std::runtime_error&) {
    return false;
  }
  retire_tasks();
  return true;
}

}  // namespace procfarm::cli
