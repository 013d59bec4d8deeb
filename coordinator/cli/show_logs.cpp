// SPDX-License-Identifier: MIT
// show_logs.cpp - one block for each attempt: a heading, standard output, standard error.
#include "show_logs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "diagnostic.hpp"
#include "skip_reason.hpp"
#include "units.hpp"

namespace procfarm::cli {
namespace {

/// The attempts of a run in words.
class Blocks {
 public:
  Blocks(RunReader& run, ShowOutput& out)
      : run_(run), out_(out), run_died_(run.summary().state != "running") {}

  void show(const RecordedAttempt& read);

 private:
  std::string heading(const RecordedAttempt& read);
  std::string ending(const AttemptFinished& attempt);
  const TaskDescription& task(std::uint32_t number);

  RunReader& run_;
  ShowOutput& out_;
  bool run_died_;                       // of what runs in it
  std::vector<TaskDescription> tasks_;  // read when the first is asked for
};

const TaskDescription& Blocks::task(std::uint32_t number) {
  if (tasks_.empty()) tasks_ = run_.task_descriptions();
  return *std::lower_bound(
      tasks_.begin(), tasks_.end(), number,
      [](const TaskDescription& each, std::uint32_t wanted) { return each.task < wanted; });
}

std::string Blocks::ending(const AttemptFinished& attempt) {
  if (run_died_ && attempt.outcome == AttemptOutcome::running) return "running when the run died";
  if (attempt.outcome != AttemptOutcome::skipped) return how_it_ended(attempt);
  return "skipped, " + skip_reason(attempt, task(attempt.key.instance.task));
}

std::string Blocks::heading(const RecordedAttempt& read) {
  const AttemptFinished& attempt = read.attempt;
  std::string text = fmt::format("== {}", read.instance_name());
  if (!attempt.label.empty()) text += fmt::format(" ({})", escape_control(attempt.label));
  if (attempt.key.attempt > 0) text += fmt::format(", attempt {}", attempt.key.attempt);
  text += ": " + ending(attempt);
  const auto took = attempt.took();
  if (took && *took > Duration::zero()) text += fmt::format(", {}", format_duration(*took));
  return text + "\n";
}

void Blocks::show(const RecordedAttempt& read) {
  out_.put(heading(read));
  out_.put(printable_lines(read.attempt.stdout_bytes, ""));
  if (read.attempt.stderr_bytes.empty()) return;
  out_.put("-- standard error\n");
  out_.put(printable_lines(read.attempt.stderr_bytes, ""));
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
  if (!options.selector.empty()) return fmt::format("run {} has no attempt of '{}' yet", id, what);
  const bool has_tasks = !run.task_descriptions().empty();
  return fmt::format("run {} has no {}", id, has_tasks ? "attempt yet" : "tasks");
}

}  // namespace

int show_logs(const ShowOptions& options) {
  return show_run(options, [&options](RunReader& run, ShowOutput& out) {
    RunSelection selection = parse_run_selection(options.selector);
    selection.attempt = options.attempt;
    ShowOutput err(options.err);
    Blocks blocks(run, out);
    bool found = false;
    run.visit_outputs(selection, [&](const RecordedAttempt& attempt) {
      found = true;
      if (!options.raw) return blocks.show(attempt);
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
