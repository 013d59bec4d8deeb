// SPDX-License-Identifier: MIT
// reporter.hpp - tells the outside what has happened, once it is in the run database: display,
// events, printed output and the job log all get it here, in the order in which things ended.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "display.hpp"
#include "events_json.hpp"
#include "options.hpp"
#include "output_sink.hpp"
#include "output_stream.hpp"
#include "shown_attempt.hpp"
#include "task_records.hpp"

namespace procfarm::cli {

/// One thread at a time.
class Reporter {
 public:
  /// `run` is empty if nothing is kept. Opens the job log: throws std::system_error.
  Reporter(const Options& options, std::string run, OutputSink::Reload reload,
           std::unique_ptr<JobLog> joblog);

  /// The first words; `text` for people.
  void run_started(const RunStartedEvent& event, const std::string& text);

  /// Told at once if `sequence` is 0, else when committed() has reached it.
  void ended(ShownAttempt&& attempt, std::uint64_t sequence);
  void committed(std::uint64_t sequence);

  /// An instance was done before the run was resumed.
  void kept(InstanceKey instance);

  /// An instance is none of those that shall run.
  void left_out(InstanceKey instance);

  /// All tasks before this one are settled, with `sequence` as the last thing told of them.
  void tasks_settled(std::uint32_t before, std::uint64_t sequence);

  /// Why an instance runs or does not, if somebody wants to know.
  void explain(const Explanation& explanation);

  /// A line for people, now.
  void message(const std::string& text) { display_.message(text); }
  /// Takes the status line away until the next tick.
  void hide() { display_.hide(); }

  /// Redraws what is live; `figures` is only called when it is time for that.
  void tick(const std::function<LiveFigures()>& figures);

  /// Writes what still waits: blocks of output, the job log. What is not committed by now is not
  /// told. output_error() and file_error() then know of all but the last event.
  void finish_outputs();

  /// The last event; counts and time are filled in.
  void run_finished(RunFinishedEvent event);

  /// The last words for people.
  void summary(int jobs, const std::string& stopped);

  /// Whether somebody wants to see the output of a task, wherever it goes, and results.
  bool wants_outputs() const { return !options_.running.results.empty(); }
  bool wants_results() const { return options_.running.json; }

  /// errno of standard output, if it cannot be written.
  int output_error() const { return out_.error(); }
  /// What else could not be written, with its cause.
  const std::optional<std::string>& file_error() const { return file_error_; }
  bool waits_for_commits() const { return !waiting_.empty(); }

 private:
  void tell(ShownAttempt&& attempt);
  void tell_event(const std::string& line);
  void flush_joblog();
  void tell_settled_tasks();
  void keep_files(const ShownAttempt& attempt);

  const Options& options_;
  OutputStream out_{1};
  OutputStream err_{2};
  const bool out_is_terminal_ = out_.is_terminal();
  Display display_;
  OutputSink sink_;
  std::unique_ptr<JobLog> joblog_;  // null: none is wanted
  std::deque<std::pair<std::uint64_t, ShownAttempt>> waiting_;
  std::deque<std::pair<std::uint64_t, std::uint32_t>> settled_;  // as tasks_settled() was told
  std::uint64_t committed_ = 0;
  Display::Clock::time_point begin_{};
  std::uint64_t retried_ = 0, passed_ = 0, failed_ = 0, skipped_ = 0, cancelled_ = 0, kept_ = 0;
  Explainer explainer_;
  std::optional<std::string> file_error_;
};

}  // namespace procfarm::cli
