// SPDX-License-Identifier: MIT
// command_run.cpp - `run`, `rerun` and `each`: get the job, run it, or with --dry-run show it.
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "commands.hpp"
#include "job_jsonl.hpp"
#include "job_toml.hpp"
#include "output_stream.hpp"
#include "run_resume.hpp"
#include "runner.hpp"
#include "signals.hpp"

namespace procfarm::cli {
namespace {

int run_input(const Options& options, RunInput input) {
  Signals signals;  // before any thread
  become_subreaper();
  try {  // an end as any other, only earlier
    Runner runner(options, std::move(input), signals);
    return options.running.dry_run ? runner.explain() : runner.run();
  } catch (const EndedEarly& end) {
    OutputStream err(2);
    err.write(std::string("procfarm: ") + end.what() + "\n");
    err.flush();
    return end.exit_code();
  }
}

constexpr const char* line_name = "line";

bool uses_line(const TaskSpec& task) {
  bool uses = false;
  for_each_template(task, [&uses](const Template& text, const char*) {
    for (const Reference& reference : text.references()) uses |= reference.name == line_name;
  });
  return uses;
}

Action each_action(const Options& options) {
  Action action;
  if (!options.shell.empty()) {
    action.kind = ActionKind::shell;
    action.shell = Template(options.shell, {.file = "--shell"}, TemplateKind::shell);
  }
  for (const std::string& word : options.command) {
    action.command.emplace_back(word, Position{.file = "command"});
  }
  return action;
}

/// A dry run writes nothing.
Options for_resume(Options options) {
  if (!options.running.dry_run) return options;
  options.running.explain = true;
  options.running.joblog.clear();
  options.running.results.clear();
  return options;
}

int resume(const Options& wanted) {
  const Options options = for_resume(wanted);
  if (options.job == "-") {
    throw std::invalid_argument(
        "cannot resume tasks from standard input: put them into a file, which can be read again");
  }
  if (!is_jsonl_job(options.job)) {
    auto job = std::make_shared<const Job>(read_job_toml(options.job));
    RunDirectory directory = find_resumable(options, *job);
    return run_input(options, {.job = std::move(job), .resume = std::move(directory)});
  }
  auto stream = std::make_shared<JsonlJob>(options.job);
  std::shared_ptr<const Job> job(stream, &stream->job());
  RunDirectory directory = find_resumable(options, *job);
  return run_input(
      options,
      {.job = std::move(job), .stream = std::move(stream), .resume = std::move(directory)});
}

}  // namespace

std::shared_ptr<const Job> make_each_job(const Options& options) {
  auto job = std::make_shared<Job>();
  job->name = "each";
  job->file = "each";
  job->directory = job_directory("-");
  TaskSpec task;
  task.name = "each";
  task.action = each_action(options);
  task.data = Foreach{.kind = ForeachKind::lines, .path = options.source};
  task.data->position.file = options.source;
  task.standard_output = OutputTarget{.kind = TargetKind::show};
  task.standard_error = OutputTarget{.kind = TargetKind::show};
  if (!uses_line(task)) {
    const std::string appended = "{{" + std::string(line_name) + "}}";
    if (task.action.kind == ActionKind::shell) {
      task.action.shell =
          Template(options.shell + " " + appended, {.file = "--shell"}, TemplateKind::shell);
    } else {
      task.action.command.emplace_back(appended, Position{.file = "command"});
    }
  }
  job->tasks.push_back(std::move(task));
  return job;
}

int command_run(const Options& options) {
  if (options.running.resume) return resume(options);
  if (options.running.dry_run) return command_plan(options);
  if (!is_jsonl_job(options.job)) {
    return run_input(options, {.job = std::make_shared<const Job>(read_job_toml(options.job))});
  }
  auto stream = std::make_shared<JsonlJob>(options.job);
  // The stream fills in what its tasks have in common; the pointer keeps it alive.
  std::shared_ptr<const Job> job(stream, &stream->job());
  return run_input(options, {.job = std::move(job), .stream = std::move(stream)});
}

int command_rerun(const Options& options) {
  RerunJob found = find_rerun(options);
  Options resumed = for_resume(options);
  resumed.running.resume = found.directory.path.string();
  return run_input(resumed, {.job = std::make_shared<const Job>(std::move(found.job)),
                             .resume = std::move(found.directory)});
}

int command_each(const Options& options) {
  const std::shared_ptr<const Job> job = make_each_job(options);
  if (options.running.dry_run) return print_plan(*job, {}, options.running.json);
  return run_input(options, {.job = job});
}

}  // namespace procfarm::cli
