// SPDX-License-Identifier: MIT
// reporter.cpp - standard output gets either events or blocks of output, never both.
#include "reporter.hpp"

#include <cstring>
#include <system_error>
#include <utility>

namespace procfarm::cli {
namespace {

DisplayOptions display_options(const Options& options, const std::string& run) {
  return {.quiet = options.quiet,
          .verbose = options.verbose,
          .color = options.color,
          .bar = options.running.bar,
          .eta = options.running.eta,
          .run = run};
}

}  // namespace

Reporter::Reporter(const Options& options, std::string run, OutputSink::Reload reload,
                   std::unique_ptr<JobLog> joblog)
    : options_(options),
      display_(err_, display_options(options, run)),
      sink_(out_, err_, {.keep_order = options.running.keep_order, .tag = options.running.tag},
            std::move(reload)),
      joblog_(std::move(joblog)) {}

void Reporter::run_started(const RunStartedEvent& event, const std::string& text) {
  begin_ = Display::Clock::now();
  display_.started(text);
  if (!options_.running.json) return;
  out_.write(event_line(event));
  out_.flush();
}

void Reporter::ended(ShownAttempt&& attempt, std::uint64_t sequence) {
  if (sequence <= committed_ && waiting_.empty()) {
    tell(std::move(attempt));
  } else {
    waiting_.emplace_back(sequence, std::move(attempt));
  }
}

void Reporter::committed(std::uint64_t sequence) {
  if (sequence <= committed_) return;
  committed_ = sequence;
  while (!waiting_.empty() && waiting_.front().first <= committed_) {
    tell(std::move(waiting_.front().second));
    waiting_.pop_front();
  }
  tell_settled_tasks();
  if (!out_.flush()) return;
}

void Reporter::tell(ShownAttempt&& attempt) {
  if (!attempt.settled) ++retried_;
  if (attempt.settled && attempt.outcome == AttemptOutcome::passed) ++passed_;
  if (attempt.settled && attempt.outcome == AttemptOutcome::failed) ++failed_;
  if (attempt.settled && attempt.outcome == AttemptOutcome::skipped) skipped_ += attempt.instances;
  if (attempt.settled && attempt.outcome == AttemptOutcome::cancelled) ++cancelled_;
  display_.ended(attempt);
  keep_files(attempt);
  if (options_.running.json) {
    tell_event(event_line(attempt));
  } else if (attempt.settled) {
    if (attempt.print_out || attempt.print_err) display_.hide();
    sink_.settled(std::move(attempt));
  }
}

/// Both may be one terminal.
void Reporter::tell_event(const std::string& line) {
  if (out_is_terminal_) display_.hide();
  out_.write(line);
}

void Reporter::kept(InstanceKey instance) {
  ++kept_;
  display_.kept();
  left_out(instance);
}

/// Those after it wait for it.
void Reporter::left_out(InstanceKey instance) {
  if (!options_.running.keep_order) return;
  display_.hide();
  sink_.settled({.key = {.instance = instance}});
}

void Reporter::tasks_settled(std::uint32_t before, std::uint64_t sequence) {
  settled_.emplace_back(sequence, before);
  tell_settled_tasks();
}

/// What has ended is told before that its task has.
void Reporter::tell_settled_tasks() {
  while (!settled_.empty() && settled_.front().first <= committed_) {
    display_.hide();
    sink_.tasks_ended(settled_.front().second);
    settled_.pop_front();
  }
}

void Reporter::explain(const Explanation& explanation) {
  if (!options_.running.explain) return;
  const auto line = explainer_.tell(explanation);
  if (options_.running.json) {
    tell_event(event_line(explanation));
  } else if (line) {
    display_.message(*line);
  }
}

void Reporter::keep_files(const ShownAttempt& attempt) {
  if (file_error_) return;
  if (joblog_) joblog_->add(attempt);
  if (options_.running.results.empty() || !attempt.settled) return;
  try {  // what cannot be written is an answer here: the run ends with it
    write_result_files(options_.running.results, attempt);
  } catch (const std::system_error& error) {
    file_error_ = error.what();
  }
}

void Reporter::tick(const std::function<LiveFigures()>& figures) {
  out_.flush();
  const auto now = Display::Clock::now();
  if (display_.wants_tick(now)) display_.tick(figures(), now);
  flush_joblog();
}

void Reporter::flush_joblog() {
  if (joblog_ && !joblog_->flush() && !file_error_) {
    file_error_ = joblog_->path() + ": " + std::strerror(joblog_->error());
  }
}

void Reporter::finish_outputs() {
  display_.hide();
  sink_.finish();
  flush_joblog();
}

void Reporter::run_finished(RunFinishedEvent event) {
  if (!options_.running.json) return;
  event.took = Display::Clock::now() - begin_;
  event.passed = passed_;
  event.failed = failed_;
  event.skipped = skipped_;
  event.cancelled = cancelled_;
  event.retried = retried_;
  event.kept = kept_;
  out_.write(event_line(event));
  out_.flush();
}

void Reporter::summary(int jobs, const std::string& stopped) {
  if (!options_.running.json) {
    for (const std::string& line : explainer_.summary()) display_.message(line);
  }
  display_.summary(jobs, stopped);
}

}  // namespace procfarm::cli
