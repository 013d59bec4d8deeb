// SPDX-License-Identifier: MIT
// runner.hpp - carries a job out: one thread, one loop. It owns the plan and asks it what may
// start, hands attempts to the launcher, records what ends, and lets the reporter tell it once that
// is safe.
//
//            rows, tasks                       attempts                     records
//   feeds ---------------> Plan --> start --> Launcher --> EventQueue --> RunSession --> committed
//                           ^                                  |                              |
//                           `-------- finished() <-------------'            Reporter <--------'
//
// Dispatch stands in runner_dispatch.cpp, what ends in runner_events.cpp, stops in
// runner_stops.cpp, the end of the run in runner_ending.cpp, what was done before in
// runner_resume.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include <procfarm/module.hpp>

#include "attempt_maker.hpp"
#include "displaced_work.hpp"
#include "event_queue.hpp"
#include "instance_feed.hpp"
#include "job.hpp"
#include "job_check.hpp"
#include "job_jsonl.hpp"
#include "launcher.hpp"
#include "options.hpp"
#include "plan.hpp"
#include "plan_builder.hpp"
#include "read_ahead.hpp"
#include "reporter.hpp"
#include "row_counter.hpp"
#include "run_ending.hpp"
#include "run_session.hpp"
#include "signals.hpp"

namespace procfarm::cli {

/// A whole job, or the beginning of a stream of tasks. `job` is what they have in common.
struct RunInput {
  std::shared_ptr<const Job> job{};
  std::shared_ptr<JsonlJob> stream{};    // null: all tasks are in the job
  std::optional<RunDirectory> resume{};  // the run to go on with
};

/// A signal has ended the run before it began.
class EndedEarly : public std::runtime_error {
 public:
  explicit EndedEarly(int exit_code)
      : std::runtime_error("ended by a signal before anything was run"), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

/// What is said of an instance that its needs, as they ended, keep from running.
const char* why_not_needed(const TaskSpec& task);

/// One thread at a time.
class Runner {
 public:
  /// Checks everything that can be checked before something runs or is made. Throws JobError,
  /// std::invalid_argument, ModuleError, procfarm::Error, and EndedEarly.
  Runner(const Options& options, RunInput input, Signals& signals);
  ~Runner();

  /// Runs it to its end and returns the exit code. Throws RunError or SQLite::Exception if no
  /// database can be made.
  int run();

  /// Of a run that is to be resumed, prints what would run and why; runs and records nothing.
  /// Returns the exit code. Throws as run().
  int explain();

 private:
  using Clock = PlanTime::clock;

  struct TaskRuntime {
    std::shared_ptr<const TaskSpec> spec{};
    std::unique_ptr<InstanceFeed> feed{};
    const FunctionSignature* signature = nullptr;
    std::string build_id{};                // of the function's module
    std::unique_ptr<WorkHasher> hasher{};  // null: nothing is kept
    std::optional<std::uint64_t> count{};  // of its instances, where the job tells
    std::uint64_t first_number = 1;        // of its instances, among all of the job
    bool keeps_rows = false;
    bool counted = false;  // its rows have come to their end
  };
  struct KnownModule {
    std::string build_id{};
    std::string identity{};
    std::vector<FunctionSignature> functions{};
  };
  /// An instance that is in flight or waits for a further attempt.
  struct ActiveInstance {
    Instance instance{};
    PreparedAttempt prepared{};
    int worker_number = 0;
    int attempts_before = 0;  // the run was resumed: the plan counts from there
    int losses = 0;           // attempts under which a worker or the tool died
    bool told_started = false;
  };

  // runner.cpp
  void add_tasks(std::vector<std::shared_ptr<const TaskSpec>> tasks);
  void record_task(std::uint32_t number, std::optional<std::uint64_t> count);
  std::optional<std::uint64_t> known_count(const TaskSpec& spec) const;
  const KnownModule& module_of(const TaskSpec& task);
  void prepare_task(const TaskSpec& task, TaskRuntime& runtime);
  void check_kept_references(const TaskSpec& task) const;
  void start_run();
  void count_rows();
  void expect_rows(std::uint32_t number, std::uint64_t count);
  void loop();
  void wait();
  bool tasks_may_come() const { return stream_open_ && !plan_->stopped(); }
  void tell_started_attempts();
  void tell_settled_tasks();
  LiveFigures live_figures();

  // runner_ending.cpp
  int finish_run();
  int verdict(bool work_left) const;
  int record_end(bool work_left);
  bool is_work_left();
  void find_end_of_rows(std::uint32_t number);
  bool find_end_of_stream();

  // runner_dispatch.cpp
  void dispatch();
  bool read_task();
  void start(const Step& step);
  bool take_instance(const Step& step);
  void launch(const Step& step, ActiveInstance& active);
  void fail_here(const Step& step, const std::string& cause, const std::string& message);
  void skip(const Step& step);
  InstanceFeed& feed_of(std::uint32_t number);
  void take_worker_number(ActiveInstance& active);
  void free_worker_number(ActiveInstance& active);
  ResolveContext context_of(const Step& step, const ActiveInstance& active) const;
  void check_row_count(std::uint32_t number, std::uint64_t count);
  void rows_ended(std::uint32_t number, std::uint64_t count);
  void end_of_rows(std::uint32_t number, std::uint64_t count);
  void check_selection();

  // runner_events.cpp
  void handle(Events&& events);
  void note_begun();
  void ended(AttemptReport&& report);
  void settle_or_retry(AttemptReport&& report, ActiveInstance& active);
  void withdraw(AttemptReport&& report, ActiveInstance& active);
  ShownAttempt shown(const AttemptReport& report, const ActiveInstance& active);
  std::uint64_t number_of(const InstanceKey& instance);
  void learn_duration(const AttemptReport& report);
  void release_if_settled(std::uint32_t number);

  // runner_resume.cpp
  void open_session();
  std::string beginning(const std::optional<std::uint64_t>& total) const;
  bool recall(const Step& step, ActiveInstance& active);
  std::string work_of(const Step& step, const ActiveInstance& active) const;
  bool is_left_out(const Recalled& recalled) const;
  void leave_out(const Step& step);
  void keep(const Step& step);
  void retire(std::uint32_t task, std::uint64_t first, std::uint64_t last);
  void retire_tasks();
  void record(const RowMove& move);
  bool is_lost_too_often(const AttemptReport& report, ActiveInstance& active) const;
  void quarantine(AttemptReport& report, const ActiveInstance& active);
  void settle_quarantined(const Step& step, ActiveInstance& active);
  Explanation explanation_of(const InstanceKey& instance, Decision decision,
                             const std::string& reason) const;
  void tell_why(const InstanceKey& instance, Decision decision, const std::string& reason);
  void tell_changed();
  std::vector<Explanation> foresee(const Step& step);
  bool foresee_start(const Step& step, Explanation& explanation, std::vector<Explanation>& certain);
  std::string awaited_task(const TaskSpec& task) const;

  // runner_stops.cpp
  void handle_signals();
  void handle_signal(int signal);
  void check_outputs();
  void check_halt();
  void tell(const std::string& text);
  std::string while_running(const char* words) const;
  void drain(const std::string& text);
  void cancel_all(const std::string& text);
  void kill_all();
  void suspend();
  void tell_running();

  const Options& options_;
  RunInput input_;
  Signals& signals_;
  int jobs_;
  EventQueue events_;  // outlives all that tells it something
  Launcher launcher_;
  std::unique_ptr<RunSession> session_;
  std::unique_ptr<Reporter> reporter_;
  std::unique_ptr<EarlierWork> earlier_;  // null: the run is not resumed
  DisplacedWork displaced_;               // for --explain
  JobChecker checker_;
  PlanBuilder builder_;
  std::unique_ptr<Plan> plan_;
  std::unique_ptr<ReadAhead<TaskSpec>> task_stream_;  // null: all tasks are known
  std::vector<TaskRuntime> tasks_;
  std::map<std::string, KnownModule> modules_;  // those that were asked
  std::unordered_map<InstanceKey, ActiveInstance, InstanceKeyHash> active_;
  std::vector<bool> worker_numbers_;                   // which are taken
  std::map<std::uint32_t, std::uint64_t> row_counts_;  // as far as they were counted
  std::unique_ptr<RowCounter> row_counter_;
  RunEnding ending_;
  Clock::time_point last_look_{};
  Duration mean_call_{};  // what functions take, and commands
  Duration mean_command_{};
  std::uint64_t last_sequence_ = 0;
  std::uint32_t settled_before_ = 0;  // all tasks before it are settled; counted with -k
  std::uint32_t numbered_ = 0;        // the last task whose first number is known
  int interrupts_ = 0;
  bool killed_ = false;
  bool stream_open_ = false;   // its end has not been read
  bool task_dropped_ = false;  // the stream has given a task that it was too late for
  bool database_failed_ = false;
  std::set<std::string> foreseen_;  // explain(): tasks of which something would run
  bool more_can_start_ = false;     // dispatch was left only to let others have their turn
};

}  // namespace procfarm::cli
