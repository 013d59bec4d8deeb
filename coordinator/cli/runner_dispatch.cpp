// SPDX-License-Identifier: MIT
// runner_dispatch.cpp - from the plan's word that an instance may start to its attempt in flight.
// What goes wrong here (a bad row, a file that cannot be made) is that instance's failure.
#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <procfarm/errors.hpp>

#include "diagnostic.hpp"
#include "runner.hpp"

namespace procfarm::cli {
namespace {

constexpr int most_per_round = 256;                // then signals and events have their turn
constexpr std::uint64_t most_open_tasks = 10'000;  // of a stream: those that wait for others

/// What a task without instances is told apart by from one that has done its work.
std::string no_rows_text(const TaskSpec& task) {
  const std::string where = task.data ? task.data->path : std::string();
  if (where.empty()) return fmt::format("task '{}': its data has no rows", task.name);
  if (task.data->kind == ForeachKind::glob) {
    return fmt::format("task '{}': nothing matches {}", task.name, where);
  }
  return fmt::format("task '{}': no rows in {}", task.name,
                     where == "-" ? "standard input" : where);
}

}  // namespace

void Runner::dispatch() {
  more_can_start_ = false;
  for (int started = 0; started < most_per_round; ++started) {
    const auto step = plan_->next(Clock::now());
    if (step) {
      step->kind == Step::Kind::start ? start(*step) : skip(*step);
    } else if (!read_task()) {
      return;
    }
  }
  more_can_start_ = true;
}

/// The next task of a stream; false if there is none now.
bool Runner::read_task() {
  if (!tasks_may_come() || plan_->open_tasks() >= most_open_tasks) return false;
  try {  // a bad line ends the reading; what runs goes on
    auto answer = task_stream_->take();
    if (answer.state == ReadAhead<TaskSpec>::State::later) return false;
    if (answer.state == ReadAhead<TaskSpec>::State::item) {
      auto task = std::make_shared<const TaskSpec>(std::move(*answer.item));
      checker_.declare(*task);
      checker_.check(*task);
      add_tasks({std::move(task)});
      return true;
    }
    retire_tasks();
  } catch (const CancelledError&) {  // it was asked to end while it waited for a module
    task_dropped_ = true;
  } catch (const Error& error) {
    reporter_->message(error.what());
    ending_.farm_failed();
  } catch (const std::runtime_error& error) {  // JobError, ModuleError
    reporter_->message(error.what());
    ending_.input_failed();
  }
  stream_open_ = false;
  plan_->close();
  return false;
}

InstanceFeed& Runner::feed_of(std::uint32_t number) {
  TaskRuntime& task = tasks_[number];
  if (!task.feed) {
    task.feed = std::make_unique<InstanceFeed>(
        input_.job, task.spec, task.keeps_rows,
        [&events = events_, number] { events.rows_arrived(number); });
  }
  return *task.feed;
}

bool Runner::take_instance(const Step& step) {
  const auto number = step.instance.task;
  try {  // data that can be read no further ends the task
    InstanceFeed::Answer answer = feed_of(number).take(step.instance.index);
    if (answer.state == InstanceFeed::State::instance) {
      active_[step.instance].instance = std::move(*answer.instance);
      return true;
    }
    if (answer.state == InstanceFeed::State::later) {
      plan_->postpone(step.instance);
    } else {
      rows_ended(number, answer.count);
    }
  } catch (const JobError& error) {
    reporter_->message(error.what());
    ending_.input_failed();
    end_of_rows(number, step.instance.index);
  }
  return false;
}

/// Rows that were there when the run began, and are not any more, are not passed over in silence.
/// Data of a task that comes after others may have been written by them; and files that match a
/// pattern may be moved by the very commands that they are for.
void Runner::check_row_count(std::uint32_t number, std::uint64_t count) {
  const TaskSpec& task = *tasks_[number].spec;
  const auto counted = row_counts_.find(number);
  if (counted == row_counts_.end() || count >= counted->second || !task.needs.empty()) return;
  if (task.data->kind == ForeachKind::glob) return;
  const std::string text = fmt::format(
      "task '{}': its data became shorter while it was read: {} rows were counted, {} read",
      task.name, counted->second, count);
  reporter_->message(JobError(task.data->position, text).what());
  ending_.input_failed();
}

void Runner::rows_ended(std::uint32_t number, std::uint64_t count) {
  check_row_count(number, count);
  if (count == 0) reporter_->message(no_rows_text(*tasks_[number].spec));
  end_of_rows(number, count);
}

void Runner::end_of_rows(std::uint32_t number, std::uint64_t count) {
  session_->record(InstanceCount{.task = number, .instances = count});
  retire(number, count, RunSelection::no_end);
  tasks_[number].counted = true;
  row_counts_[number] = count;
  plan_->exhausted(number, count);
  release_if_settled(number);
}

/// What a stream or rows had for `--only` is only known behind their end.
void Runner::check_selection() {
  if (plan_->stopped() || ending_.exit_code(false, false) != 0) return;
  const auto unmatched = builder_.unmatched();
  const PlanCounts counts = plan_->counts();
  const bool found = counts.done() + counts.kept > 0 || !builder_.selects_numbers_only();
  if (unmatched.empty() && found) return;
  reporter_->message(
      nothing_selected(unmatched.empty() ? options_.running.only.front() : unmatched.front()));
  ending_.selected_nothing();
}

void Runner::start(const Step& step) {
  if (step.attempt == 1 && !take_instance(step)) return;
  ActiveInstance& active = active_.at(step.instance);
  try {
    launch(step, active);
  } catch (const JobError& error) {
    fail_here(step, "data", error.what());
  } catch (const std::system_error& error) {
    fail_here(step, output_write_cause, error.what());
  }
}

void Runner::launch(const Step& step, ActiveInstance& active) {
  const TaskRuntime& task = tasks_[step.instance.task];
  if (earlier_ && step.attempt == 1 && recall(step, active)) return;
  if (counts_places(*task.spec)) take_worker_number(active);
  active.prepared = prepare_attempt({.job = *input_.job,
                                     .task = *task.spec,
                                     .instance = active.instance,
                                     .key = step.instance,
                                     .context = context_of(step, active),
                                     .signature = task.signature,
                                     .hasher = task.hasher.get()},
                                    options_.running);
  active.told_started = false;
  if (auto* call = std::get_if<CallLaunch>(&active.prepared.launch)) {
    call->build_id = task.build_id;
  }
  if (active.prepared.up_to_date) {
    skip(step);
    return;
  }
  if (launcher_.begins_at_once()) {  // noted before it can do anything
    session_->begun(
        {.key = {.instance = step.instance, .attempt = step.attempt + active.attempts_before},
         .hash = active.prepared.hash});
  }
  std::visit([this](auto& launch) { launcher_.start(std::move(launch)); }, active.prepared.launch);
}

/// The lowest that is free: where places are counted, no two that run have the same.
void Runner::take_worker_number(ActiveInstance& active) {
  if (active.worker_number != 0) return;
  const auto free = std::find(worker_numbers_.begin(), worker_numbers_.end(), false);
  active.worker_number = static_cast<int>(free - worker_numbers_.begin()) + 1;
  if (free == worker_numbers_.end()) {
    worker_numbers_.push_back(true);
  } else {
    *free = true;
  }
}

void Runner::free_worker_number(ActiveInstance& active) {
  const int number = std::exchange(active.worker_number, 0);
  if (number > 0) worker_numbers_[static_cast<std::size_t>(number - 1)] = false;
}

ResolveContext Runner::context_of(const Step& step, const ActiveInstance& active) const {
  const TaskRuntime& task = tasks_[step.instance.task];
  return {.run = session_->id(),
          .rundir = session_->directory(),
          .attempt = step.attempt + active.attempts_before,
          .worker = std::max(active.worker_number, 1),
          .count = task.feed->count(),
          .others = session_.get()};
}

void Runner::fail_here(const Step& step, const std::string& cause, const std::string& message) {
  const int attempt = step.attempt + active_.at(step.instance).attempts_before;
  AttemptReport report{.record = {.key = {.instance = step.instance, .attempt = attempt}}};
  report.record.started = report.record.finished = std::chrono::system_clock::now();
  make_failure(report, cause, message);
  ended(std::move(report));
}

/// An instance, or a whole task, that need not or must not run.
void Runner::skip(const Step& step) {
  const std::uint32_t number = step.instance.task;
  AttemptReport report{.record = {.key = {.instance = step.instance, .attempt = 0}}};
  report.record.outcome = AttemptOutcome::skipped;
  report.record.started = report.record.finished = std::chrono::system_clock::now();
  ActiveInstance skipped;
  if (step.kind == Step::Kind::start) {
    report.record.cause = "up-to-date";
    skipped = std::move(active_.at(step.instance));
    active_.erase(step.instance);
    free_worker_number(skipped);
    plan_->up_to_date(step.instance);
  } else {
    report.record.cause = "needs";
    retire(number, step.instance.index,
           step.kind == Step::Kind::skip ? step.instance.index : RunSelection::no_end);
    // The row is used up; perhaps it tells that there is no such instance at all.
    if (step.kind == Step::Kind::skip) {
      if (!take_instance(step)) return;
      skipped = std::move(active_.at(step.instance));
      active_.erase(step.instance);
    }
  }
  tell_why(step.instance, Decision::skipped,
           report.record.cause == "needs" ? why_not_needed(*tasks_[number].spec) : "up to date");
  ShownAttempt told = shown(report, skipped);
  told.instances = step.instances;
  report.record.hash = skipped.prepared.hash;
  report.record.instances = step.instances;
  if (step.kind == Step::Kind::skip_task) told.name = told.task;
  last_sequence_ = session_->record(std::move(report.record));
  reporter_->ended(std::move(told), last_sequence_);
  release_if_settled(number);
}

}  // namespace procfarm::cli
