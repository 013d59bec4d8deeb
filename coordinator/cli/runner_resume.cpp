// SPDX-License-Identifier: MIT
// runner_resume.cpp - a run that is taken up again: it goes on in its own database under its own
// id. Each instance is looked at when its turn comes, as in any run; only then it is known what it
// does. If that was done before it stays done, else its attempts and losses are counted on.
#include <fmt/format.h>
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "output_stream.hpp"
#include "runner.hpp"
#include "show_output.hpp"

namespace procfarm::cli {
namespace {

constexpr std::size_t most_listed = 20;
constexpr const char* left_out_text = "not one of the failed";
constexpr const char* cut_short_text = "new or changed, the run ended before that was known";
constexpr const char* quarantined_text = "quarantined, it ran in too many deaths";

}  // namespace

void Runner::open_session() {
  if (!input_.resume) {
    session_ = std::make_unique<RunSession>(*input_.job, options_, jobs_, events_);
    return;
  }
  try {  // what cannot be taken up is a matter of the command line
    session_ = std::make_unique<RunSession>(*input_.job, options_, jobs_, events_, *input_.resume);
  } catch (const RunError& error) {
    throw std::invalid_argument(std::string("cannot resume: ") + error.what());
  }
  earlier_ = std::make_unique<EarlierWork>(session_->earlier_work());
}

/// The first words for people.
std::string Runner::beginning(const std::optional<std::uint64_t>& total) const {
  std::string text = (earlier_ ? "resuming " : "running ") + input_.job->name;
  if (total) text += fmt::format(": {} {}", *total, *total == 1 ? "task" : "tasks");
  if (earlier_) text += fmt::format(", {} passed before", earlier_->passed());
  text += fmt::format(", {} at a time", jobs_);
  if (session_->is_kept()) text += ", run " + session_->id();
  return text;
}

/// True if there is nothing to start: it is done, or quarantined.
bool Runner::recall(const Step& step, ActiveInstance& active) {
  const std::string hash = work_of(step, active);
  const Recalled recalled = earlier_->recall(step.instance, hash);
  for (const RowMove& move : recalled.moves) record(move);
  for (const Explanation& each : displaced_.found(recalled.moves)) reporter_->explain(each);
  active.attempts_before = recalled.attempts;
  active.losses = recalled.losses;
  const std::string reason = reason_text(recalled.kind, session_->id());
  if (recalled.kind == Recollection::done) {
    tell_why(step.instance, Decision::stays, reason);
    keep(step);
    return true;
  }
  if (is_left_out(recalled)) {
    tell_why(step.instance, Decision::stays, left_out_text);
    leave_out(step);
    return true;
  }
  if (active.losses >= options_.running.crash_limit) {
    tell_why(step.instance, Decision::stays, quarantined_text);
    active.prepared.hash = hash;
    settle_quarantined(step, active);
    return true;
  }
  if (recalled.settled) session_->record(InstanceReopened{step.instance});
  const bool waits =
      options_.running.explain &&
      displaced_.hold(recalled, explanation_of(step.instance, Decision::runs, reason));
  if (!waits) tell_why(step.instance, Decision::runs, reason);
  return false;
}

/// The hash of what it does. Empty if that cannot be told: starting it will fail for that reason.
std::string Runner::work_of(const Step& step, const ActiveInstance& active) const {
  const TaskRuntime& task = tasks_[step.instance.task];
  if (!active.instance.row.error.empty() || !task.hasher) return {};
  try {
    const ResolveContext context = context_of(step, active);
    const Resolved resolved = resolve(*input_.job, *task.spec, active.instance, context);
    return task.hasher->hash(active.instance, resolved, context);
  } catch (const JobError&) {
    return {};
  }
}

/// `--only failed`: which those are is only known now, by what they do.
bool Runner::is_left_out(const Recalled& recalled) const {
  return builder_.selects_failed_only() && recalled.kind != Recollection::failed;
}

/// As what is not selected it counts as done for those that need it, and keeps its rows.
void Runner::leave_out(const Step& step) {
  active_.erase(step.instance);
  plan_->kept(step.instance);
  reporter_->left_out(step.instance);
  release_if_settled(step.instance.task);
}

void Runner::keep(const Step& step) {
  active_.erase(step.instance);
  plan_->kept(step.instance);
  reporter_->kept(step.instance);
  release_if_settled(step.instance.task);
}

/// The job has no such instances any more, or they must not run now.
void Runner::retire(std::uint32_t task, std::uint64_t first, std::uint64_t last) {
  if (!earlier_) return;
  if (const auto move = earlier_->retire(task, first, last)) record(*move);
}

void Runner::record(const RowMove& move) {
  std::visit([this](const auto& rows) { session_->record(rows); }, move);
}

/// All tasks of the job are known: what has a higher number is none of them.
void Runner::retire_tasks() {
  if (!earlier_) return;
  const auto first = static_cast<std::uint32_t>(tasks_.size());
  for (std::uint32_t task = first; task < earlier_->tasks(); ++task) {
    retire(task, 0, RunSelection::no_end);
  }
  session_->record(TasksForgotten{.first = first});
}

/// Counts the attempt if a worker has died under it.
bool Runner::is_lost_too_often(const AttemptReport& report, ActiveInstance& active) const {
  if (report.kind != FailureKind::worker_lost) return false;
  return ++active.losses >= options_.running.crash_limit;
}

/// Makes it a failure for good that tells how every attempt ended.
void Runner::quarantine(AttemptReport& report, const ActiveInstance& active) {
  std::string text =
      fmt::format("{} died under it (--crash-limit {})",
                  active.losses == 1 ? "a worker or the tool"
                                     : fmt::format("{} times a worker or the tool", active.losses),
                  options_.running.crash_limit);
  std::size_t listed = 0;
  for (const RecordedAttempt& each : session_->attempts(report.record.key.instance)) {
    if (each.attempt.key.attempt >= report.record.key.attempt) break;
    if (++listed > most_listed) continue;
    text += fmt::format("; attempt {}: {}", each.attempt.key.attempt, how_it_ended(each.attempt));
  }
  if (listed > most_listed) text += fmt::format("; {} more", listed - most_listed);
  text += fmt::format("; attempt {}: {}", report.record.key.attempt, how_it_ended(report.record));
  make_failure(report, quarantined_cause, text);
}

/// An instance that was lost often enough before the run was resumed. Its last attempt becomes the
/// one that tells so.
void Runner::settle_quarantined(const Step& step, ActiveInstance& active) {
  AttemptReport report{
      .record = {.key = {.instance = step.instance, .attempt = active.attempts_before}}};
  const auto attempts = session_->attempts(step.instance);
  if (!attempts.empty()) report.record = attempts.back().attempt;
  report.record.stdout_bytes.clear();  // is kept where it is
  report.record.stderr_bytes.clear();
  if (report.record.cause != quarantined_cause) quarantine(report, active);
  settle_or_retry(std::move(report), active);
}

Explanation Runner::explanation_of(const InstanceKey& instance, Decision decision,
                                   const std::string& reason) const {
  const TaskSpec& task = *tasks_[instance.task].spec;
  return {.task = task.name,
          .name = instance_name(task, instance.index),
          .index = instance.index,
          .decision = decision,
          .reason = reason};
}

void Runner::tell_why(const InstanceKey& instance, Decision decision, const std::string& reason) {
  if (options_.running.explain) reporter_->explain(explanation_of(instance, decision, reason));
}

/// Nothing more is looked at: whose work was not found anywhere has changed.
void Runner::tell_changed() {
  for (Explanation& each : displaced_.rest()) {
    if (plan_->stopped()) each.reason = cut_short_text;
    reporter_->explain(each);
  }
}

/// A task whose result or output this one uses and of which something would run.
std::string Runner::awaited_task(const TaskSpec& task) const {
  std::string awaited;
  for_each_template(task, [this, &awaited](const Template& text, const char*) {
    for (const Reference& reference : text.references()) {
      const bool of_other = reference.accessor == Accessor::result ||
                            reference.accessor == Accessor::stdout_text ||
                            reference.accessor == Accessor::results;
      if (of_other && foreseen_.count(reference.name) != 0) awaited = reference.name;
    }
  });
  return awaited;
}

/// What would become of the step, as far as it is certain, and of those before it that it makes
/// certain; the plan is told that it went well.
std::vector<Explanation> Runner::foresee(const Step& step) {
  const TaskSpec& task = *tasks_[step.instance.task].spec;
  Explanation explanation = explanation_of(step.instance, Decision::runs, {});
  std::vector<Explanation> certain;
  if (step.kind != Step::Kind::start) {
    explanation.decision = Decision::skipped;
    explanation.reason = why_not_needed(task);
    if (step.kind == Step::Kind::skip_task) explanation.name = task.name;
    active_.erase(step.instance);
    return {std::move(explanation)};
  }
  const bool waits = foresee_start(step, explanation, certain);
  if (explanation.decision != Decision::stays) foreseen_.insert(task.name);
  if (!waits) certain.push_back(std::move(explanation));
  active_.erase(step.instance);
  plan_->finished(step.instance, true, false, Clock::now());
  return certain;
}

/// True if the reason is not known yet.
bool Runner::foresee_start(const Step& step, Explanation& explanation,
                           std::vector<Explanation>& certain) {
  const std::string awaited = awaited_task(*tasks_[step.instance.task].spec);
  if (!awaited.empty()) {
    explanation.decision = Decision::unsure;
    explanation.reason = fmt::format("needs {}, which runs, and uses what that gives", awaited);
    return false;
  }
  const ActiveInstance& active = active_.at(step.instance);
  const Recalled recalled = earlier_->recall(step.instance, work_of(step, active));
  certain = displaced_.found(recalled.moves);
  explanation.reason = reason_text(recalled.kind, session_->id());
  const bool done = recalled.kind == Recollection::done;
  const bool left_out = !done && is_left_out(recalled);
  if (done || left_out || recalled.losses >= options_.running.crash_limit) {
    explanation.decision = Decision::stays;
  }
  if (!done && explanation.decision == Decision::stays) explanation.reason = quarantined_text;
  if (left_out) explanation.reason = left_out_text;
  return explanation.decision == Decision::runs && displaced_.hold(recalled, explanation);
}

int Runner::explain() {
  session_ = std::make_unique<RunSession>(*input_.job, *input_.resume);
  earlier_ = std::make_unique<EarlierWork>(session_->earlier_work());
  reporter_ = std::make_unique<Reporter>(options_, session_->id(), OutputSink::Reload{}, nullptr);
  OutputStream out(1);
  Explainer explainer;
  const auto print = [this, &out, &explainer](const std::vector<Explanation>& certain) {
    for (const Explanation& explanation : certain) {
      const auto line = explainer.tell(explanation);
      if (options_.running.json) {
        out.write(event_line(explanation));
      } else if (line) {
        out.write(*line + "\n");
      }
    }
  };
  while (true) {
    const auto step = plan_->next(Clock::now());
    if (step) {
      if (step->kind != Step::Kind::skip_task && !take_instance(*step)) continue;
      print(foresee(*step));
    } else if (!read_task()) {
      if (plan_->done() && !tasks_may_come()) break;
      wait();
      handle_signals();
      handle(events_.take());
    }
  }
  print(displaced_.rest());
  if (!options_.running.json) {
    for (const std::string& line : explainer.summary()) out.write(line + "\n");
  }
  check_selection();
  if (!out.flush()) ending_.write_failed();
  return ending_.exit_code(false, false);
}

}  // namespace procfarm::cli
