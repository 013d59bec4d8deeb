// SPDX-License-Identifier: MIT
// show_logs.cpp - one block for each attempt: a heading, standard output, standard error.
#include "show_logs.hpp"

#include <fmt/format.h>

#include "diagnostic.hpp"
#include "units.hpp"

namespace procfarm::cli {
namespace {

std::string heading(const RecordedAttempt& read, bool run_died) {
  const AttemptFinished& attempt = read.attempt;
  const bool cut_short = run_died && attempt.outcome == AttemptOutcome::running;
  std::string text = fmt::format("== {}", read.instance_name());
  if (!attempt.label.empty()) text += fmt::format(" ({})", escape_control(attempt.label));
  if (attempt.key.attempt > 0) text += fmt::format(", attempt {}", attempt.key.attempt);
  text += fmt::format(": {}", cut_short ? "running when the run died" : how_it_ended(attempt));
  const auto took = attempt.took();
  if (took && *took > Duration::zero()) text += fmt::format(", {}", format_duration(*took));
  return text + "\n";
}

void show_attempt(const RecordedAttempt& read, bool run_died, ShowOutput& out) {
  out.put(heading(read, run_died));
  out.put(printable_lines(read.attempt.stdout_bytes, ""));
  if (read.attempt.stderr_bytes.empty()) return;
  out.put("-- standard error\n");
  out.put(printable_lines(read.attempt.stderr_bytes, ""));
}

bool has_failures(RunReader& run) { return !run.failures(1, 0).empty(); }

/// Why no attempt was found: it can be one too high, an instance there is none of, or one to come.
std::string why_none(RunReader& run, const ShowOptions& options, RunSelection selection) {
  const std::string id = run.directory().id();
  const std::string what = escape_control(options.selector);
  if (selection.attempt) {
    bool found = false;
    selection.attempt.reset();
    run.visit_outputs(selection, [&found](const RecordedAttempt&) { found = true; });
    if (found) return fmt::format("run {}: no attempt {} of '{}'", id, *options.attempt, what);
  }
  for (const TaskDescription& task : run.task_descriptions()) {
    if (task.name != selection.task || !task.instances) continue;
    if (selection.first < *task.instances || selection.first == 0) continue;
    return fmt::format("run {} has no '{}': {} has {}", id, what, escape_control(task.name),
                       *task.instances == 1 ? "one instance"
                                            : fmt::format("{} instances, from 0", *task.instances));
  }
  return fmt::format("run {} has no attempt of '{}' yet", id, what);
}

}  // namespace

int show_logs(const ShowOptions& options) {
  return show_run(options, [&options](RunReader& run, ShowOutput& out) {
    RunSelection selection = parse_run_selection(options.selector);
    selection.attempt = options.attempt;
    ShowOutput err(options.err);
    const bool run_died = run.summary().state != "running";  // of what runs in it
    bool found = false;
    run.visit_outputs(selection, [&](const RecordedAttempt& attempt) {
      found = true;
      if (!options.raw) return show_attempt(attempt, run_died, out);
      out.put(attempt.attempt.stdout_bytes);
      err.put(attempt.attempt.stderr_bytes);
    });
    if (found) return 0;
    if (!selection.failed || has_failures(run)) throw RunError(why_none(run, options, selection));
    err.put(fmt::format("nothing failed in run {}\n", run.directory().id()));
    return 0;
  });
}

}  // namespace procfarm::cli
