// SPDX-License-Identifier: MIT
// runner.cpp - a run's beginning and its loop.
#include "runner.hpp"

#include <poll.h>

#include <fmt/format.h>
#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <utility>

#include <procfarm/errors.hpp>
#include <procfarm/options.hpp>

#include "diagnostic.hpp"

namespace procfarm::cli {
namespace {

constexpr std::chrono::milliseconds look_interval{100};

std::vector<std::shared_ptr<const TaskSpec>> tasks_of(const std::shared_ptr<const Job>& job) {
  std::vector<std::shared_ptr<const TaskSpec>> tasks;
  for (const TaskSpec& task : job->tasks) tasks.emplace_back(job, &task);  // the job lives on in it
  return tasks;
}

bool uses_kept_things(const TaskSpec& task, std::string& name) {
  for_each_template(task, [&name](const Template& text, const char*) {
    for (const Reference& reference : text.references()) {
      const bool of_other = reference.accessor == Accessor::result ||
                            reference.accessor == Accessor::stdout_text ||
                            reference.accessor == Accessor::results;
      if (of_other) name = reference.name + "." + std::string(to_string(reference.accessor));
      if (reference.name == "rundir") name = reference.name;
    }
  });
  return !name.empty();
}

}  // namespace

Runner::Runner(const Options& options, RunInput input, Signals& signals)
    : options_(options),
      input_(std::move(input)),
      signals_(signals),
      jobs_(options.running.jobs ? *options.running.jobs : usable_cpus()),
      launcher_(jobs_, events_),
      checker_(*input_.job, {.jobs = jobs_}),
      builder_(*input_.job, options.running, input_.stream != nullptr, input_.resume.has_value()) {
  reserve_descriptors(jobs_);
  plan_ = std::make_unique<Plan>(plan_limits(jobs_));
  if (options.running.halt) plan_->count_places();  // what is handed out ahead would still begin
  if (input_.stream) {
    stream_open_ = true;
    task_stream_ =
        std::make_unique<ReadAhead<TaskSpec>>([stream = input_.stream] { return stream->next(); },
                                              [&events = events_] { events.tasks_arrived(); });
  } else {
    check_job(*input_.job, {.jobs = jobs_});
    try {  // whoever wants the run to end here gets an exit code, as later
      add_tasks(tasks_of(input_.job));
    } catch (const CancelledError&) {
      throw EndedEarly(ending_.exit_code(false, true));
    }
    plan_->close();
    const auto unmatched = builder_.unmatched();
    if (!unmatched.empty()) throw std::invalid_argument(nothing_selected(unmatched.front()));
  }
}

Runner::~Runner() = default;

void Runner::add_tasks(std::vector<std::shared_ptr<const TaskSpec>> tasks) {
  std::vector<const TaskSpec*> specs;
  std::vector<std::optional<std::uint64_t>> counts;
  const std::size_t first = tasks_.size();
  if (first == 0) plan_->set_pools(pool_limits(*input_.job));
  for (auto& task : tasks) {
    specs.push_back(task.get());
    if (counts_places(*task)) plan_->count_places();
    tasks_.push_back({.spec = std::move(task)});
    prepare_task(*specs.back(), tasks_.back());
    check_kept_references(*specs.back());
  }
  for (const TaskSpec* spec : specs) counts.push_back(known_count(*spec));
  std::vector<PlanTask> planned = builder_.add(specs, counts);
  for (std::size_t i = 0; i < planned.size(); ++i) {
    tasks_[first + i].keeps_rows = std::any_of(planned[i].needs.begin(), planned[i].needs.end(),
                                               [](const PlanNeed& need) { return need.same; });
    if (session_) record_task(static_cast<std::uint32_t>(first + i), counts[i]);
  }
  plan_->add(std::move(planned));
}

void Runner::record_task(std::uint32_t number, std::optional<std::uint64_t> count) {
  session_->record_task(number, *tasks_[number].spec, tasks_[number].count = count);
  if (count) retire(number, *count, RunSelection::no_end);
}

/// Files are opened only when their turn comes: another task may write them.
std::optional<std::uint64_t> Runner::known_count(const TaskSpec& spec) const {
  if (!spec.is_repeated()) return 1;
  if (spec.matrix) return spec.matrix->combinations.size();
  const bool is_written =
      spec.data->kind == ForeachKind::range || spec.data->kind == ForeachKind::values;
  // Not of the feed: it is made when it is known whether rows that are passed over are kept.
  return is_written ? open_source(*input_.job, spec)->count_hint() : std::nullopt;
}

/// Asks the module what is in it, once. What was asked to end meanwhile does not wait for it.
const Runner::KnownModule& Runner::module_of(const TaskSpec& task) {
  const std::string& name = task.action.module;
  const auto known = modules_.find(name);
  if (known != modules_.end()) return known->second;
  const std::string path = input_.job->absolute(input_.job->modules.at(name).path);
  if (module_kind(path) == ModuleKind::program) plan_->count_places();  // over two executors
  int looks = 0;
  const ModuleDescription description = launcher_.describe(path, [this, &path, &looks] {
    handle_signals();
    if (++looks == 2) tell("loading " + path);
    return plan_->stopped();
  });
  KnownModule module{.build_id = description.build_id,
                     .identity = module_identity(path, description.build_id)};
  for (const ModuleFunction& function : description.functions) {
    FunctionSignature signature{
        .name = function.name, .doc = function.doc, .result = function.result};
    for (const ModuleParameter& parameter : function.parameters) {
      signature.parameters.push_back({parameter.name, parameter.type});
    }
    module.functions.push_back(std::move(signature));
  }
  return modules_.emplace(name, std::move(module)).first->second;
}

void Runner::prepare_task(const TaskSpec& task, TaskRuntime& runtime) {
  if (input_.resume && task.data && task.data->path == "-") {
    throw JobError(
        task.data->position,
        fmt::format("cannot resume task '{}': its data came from standard input", task.name),
        "put it into a file, which can be read again");
  }
  std::string identity;
  if (task.action.kind == ActionKind::function) {
    const KnownModule& module = module_of(task);
    runtime.signature = &check_arguments(task, module.functions);
    identity = module.identity;
    runtime.build_id = module.build_id;
  }
  if (!options_.running.database) return;
  runtime.hasher = std::make_unique<WorkHasher>(*input_.job, task, std::move(identity));
}

void Runner::check_kept_references(const TaskSpec& task) const {
  std::string name;
  if (options_.running.database || !uses_kept_things(task, name)) return;
  throw JobError(
      task.position,
      fmt::format("task '{}' uses {{{{{}}}}}, which is kept in the run database", task.name, name),
      "leave out --no-db");
}

int Runner::run() {
  start_run();
  loop();
  return finish_run();
}

void Runner::start_run() {
  // What cannot be written is told before there is a run.
  const RunOptions& running = options_.running;
  if (!running.results.empty()) make_result_directory(running.results);
  auto joblog = running.joblog.empty()
                    ? nullptr
                    : std::make_unique<JobLog>(running.joblog, running.resume.has_value());
  launcher_.warm_up();
  open_session();
  OutputSink::Reload reload;
  if (session_->is_kept()) {
    reload = [this](ShownAttempt& attempt) { session_->reload_output(attempt); };
  }
  reporter_ =
      std::make_unique<Reporter>(options_, session_->id(), std::move(reload), std::move(joblog));
  for (std::uint32_t number = 0; number < tasks_.size(); ++number) {
    record_task(number, known_count(*tasks_[number].spec));
  }
  if (!tasks_may_come()) retire_tasks();
  count_rows();
  const auto total = plan_->total(row_counts_);
  reporter_->run_started(
      {.run = session_->id(), .job = input_.job->name, .jobs = jobs_, .total = total},
      beginning(total));
  if (!task_stream_ && tasks_.empty()) reporter_->message("the job has no tasks");
  if (const auto note = session_->note()) reporter_->message(*note);
}

/// Small files now, so that the first line can tell how much there is to do; others meanwhile.
void Runner::count_rows() {
  std::vector<RowCounter::Task> uncounted;
  for (std::uint32_t number = 0; number < tasks_.size(); ++number) {
    const auto& spec = tasks_[number].spec;
    if (!can_be_counted(*input_.job, *spec)) continue;
    if (const auto count = count_if_small(*input_.job, *spec)) {
      expect_rows(number, *count);
    } else {
      uncounted.emplace_back(number, spec);
    }
  }
  if (uncounted.empty()) return;
  row_counter_ = std::make_unique<RowCounter>(input_.job, std::move(uncounted), events_);
}

/// Not a promise: until its rows are read a file may change.
void Runner::expect_rows(std::uint32_t number, std::uint64_t count) {
  row_counts_[number] = count;
  plan_->expect(number, count);
  if (!tasks_[number].counted) {
    session_->record(InstanceCount{.task = number, .instances = count});
  }
}

void Runner::loop() {
  while (true) {
    dispatch();
    tell_settled_tasks();
    if (plan_->done() && !tasks_may_come()) break;
    wait();
    handle_signals();
    handle(events_.take());
    check_outputs();
    if (Clock::now() - last_look_ >= look_interval) {
      last_look_ = Clock::now();
      tell_started_attempts();
      reporter_->tick([this] { return live_figures(); });
    }
  }
}

void Runner::wait() {
  auto until = last_look_ + look_interval;
  if (const auto due = plan_->next_deadline()) until = std::min(until, *due);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
  pollfd descriptors[] = {{.fd = events_.fd(), .events = POLLIN, .revents = 0},
                          {.fd = signals_.fd(), .events = POLLIN, .revents = 0}};
  const auto most = look_interval.count();
  const auto timeout = more_can_start_ ? 0 : std::clamp(left.count(), decltype(most){0}, most);
  ::poll(descriptors, std::size(descriptors), static_cast<int>(timeout));
}

/// What runs for a while is recorded as running; short attempts are not worth it.
void Runner::tell_started_attempts() {
  if (!session_->is_kept()) return;
  for (const RunningAttempt& running : launcher_.running_attempts()) {
    const auto active = active_.find(running.key.instance);
    if (active == active_.end() || std::exchange(active->second.told_started, true)) continue;
    session_->record(AttemptStarted{.key = running.key,
                                    .worker_pid = running.worker_pid,
                                    .started = running.started,
                                    .label = active->second.instance.label,
                                    .hash = active->second.prepared.hash});
  }
}

/// With -k the output of a task waits until all before it are settled.
void Runner::tell_settled_tasks() {
  if (!options_.running.keep_order) return;
  const std::uint32_t known = settled_before_;
  while (settled_before_ < tasks_.size() && plan_->settled(settled_before_)) ++settled_before_;
  if (settled_before_ > known) reporter_->tasks_settled(settled_before_, last_sequence_);
}

LiveFigures Runner::live_figures() {
  LiveFigures figures{.running = launcher_.running(), .total = plan_->total(row_counts_)};
  const auto longest = launcher_.running_attempts(1);
  if (!longest.empty()) {
    figures.slowest = longest.front().name;
    figures.slowest_for = std::chrono::system_clock::now() - longest.front().started;
  }
  return figures;
}

}  // namespace procfarm::cli
