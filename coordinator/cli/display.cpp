// SPDX-License-Identifier: MIT
// display.cpp - when something is said, and how the status line gives way to whole lines.
#include "display.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "diagnostic.hpp"

namespace procfarm::cli {
namespace {

constexpr const char* clear_line = "\r\x1b[K";

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool terminal_is_dumb() {
  const char* terminal = std::getenv("TERM");
  return terminal == nullptr || std::string_view(terminal) == "dumb";
}

TaskMark mark_of(const ShownAttempt& attempt) {
  if (!attempt.settled) return TaskMark::retry;
  switch (attempt.outcome) {
    case AttemptOutcome::passed: return TaskMark::pass;
    case AttemptOutcome::skipped: return TaskMark::skip;
    case AttemptOutcome::cancelled: return TaskMark::cancel;
    default: return TaskMark::fail;
  }
}

}  // namespace

Display::Display(OutputStream& out, DisplayOptions options)
    : out_(out),
      options_(std::move(options)),
      interactive_(out.is_terminal() && !terminal_is_dumb()),
      palette_{.colored =
                   options_.color == ColorMode::always ||
                   (options_.color == ColorMode::automatic && interactive_ && !is_set("NO_COLOR"))},
      begin_(Clock::now()),
      last_drawn_(begin_) {
  figures_.run = options_.run;
}

void Display::started(const std::string& text) {
  if (!options_.quiet) message(text);
}

void Display::ended(const ShownAttempt& attempt) {
  count(attempt);
  TaskLine line{.mark = mark_of(attempt),
                .name = attempt.name,
                .label = attempt.label,
                .reason = attempt.reason,
                .took = attempt.took(),
                .attempt = attempt.key.attempt};
  const bool failed = line.mark == TaskMark::fail;
  if (failed || options_.verbose > 0) {
    std::string text = task_line(line, palette_);
    if (failed) text += stderr_tail(attempt.stderr_tail, tail_lines);
    print(text);
  }
  if (failed && failures_.size() < failures_kept) failures_.push_back(std::move(line));
}

void Display::count(const ShownAttempt& attempt) {
  busy_ += attempt.took();
  figures_.peak_memory = std::max(figures_.peak_memory, attempt.peak_memory);
  if (!attempt.settled) {
    ++figures_.retried;
    return;
  }
  if (attempt.outcome == AttemptOutcome::passed) ++figures_.passed;
  if (attempt.outcome == AttemptOutcome::failed) ++figures_.failed;
  if (attempt.outcome == AttemptOutcome::skipped) figures_.skipped += attempt.instances;
  if (attempt.outcome == AttemptOutcome::cancelled) ++figures_.cancelled;
}

void Display::message(const std::string& text) {
  print("procfarm: " + escape_control(text) + "\n");
}

void Display::print(const std::string& text) {
  hide();
  // A task's output stands in a file as it came, perhaps without its last line end.
  if (!interactive_ && !out_.at_line_start()) out_.write("\n");
  out_.write(text);
  out_.flush();
}

void Display::hide() {
  if (!std::exchange(line_is_drawn_, false)) return;
  out_.write(clear_line);
  out_.flush();
}

bool Display::wants_tick(Clock::time_point now) const {
  return !options_.quiet && now - last_drawn_ >= redraw_interval;
}

StatusFigures Display::status(const LiveFigures& live, Clock::time_point now) {
  const double elapsed = std::chrono::duration<double>(now - begin_).count();
  const std::uint64_t ended = done();
  StatusFigures figures{.done = ended + figures_.kept,
                        .total = live.total,
                        .running = live.running,
                        .failed = figures_.failed,
                        .retried = figures_.retried,
                        .slowest = live.slowest,
                        .slowest_for = live.slowest_for};
  if (elapsed > 0) figures.per_second = static_cast<double>(ended) / elapsed;
  if (live.total && figures.per_second > 0 && *live.total >= figures.done) {
    const double left = static_cast<double>(*live.total - figures.done) / figures.per_second;
    figures.remaining = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(left));
  }
  return figures;
}

void Display::tick(const LiveFigures& live, Clock::time_point now) {
  const StatusFigures figures = status(live, now);
  if (interactive_) {
    last_drawn_ = now;
    out_.write(clear_line);
    out_.write(status_line(figures, out_.width(), options_.bar));
    out_.flush();
    line_is_drawn_ = true;
  } else if (plain_is_due(figures, now)) {
    last_drawn_ = now;
    last_told_ = figures.done;
    if (figures.total && *figures.total > 0) last_tenth_ = figures.done * 10 / *figures.total;
    message(plain_status(figures, options_.eta || options_.bar));
  }
}

/// Every ten seconds, or at each tenth of the work unless that is sooner than within a second.
bool Display::plain_is_due(const StatusFigures& figures, Clock::time_point now) const {
  if (now - last_drawn_ >= plain_interval) return true;
  if (!figures.total || *figures.total == 0 || now - last_drawn_ < std::chrono::seconds(1)) {
    return false;
  }
  return figures.done > last_told_ && figures.done * 10 / *figures.total > last_tenth_;
}

void Display::summary(int jobs, const std::string& stopped) {
  hide();
  figures_.wall = Clock::now() - begin_;
  figures_.stopped = stopped;
  const auto capacity = figures_.wall * jobs;
  if (capacity > Duration::zero() && busy_ > Duration::zero()) {
    figures_.busy = std::min(
        1.0, std::chrono::duration<double>(busy_) / std::chrono::duration<double>(capacity));
  }
  if (!options_.quiet || figures_.failed > 0) print(summary_text(figures_, failures_, palette_));
}

}  // namespace procfarm::cli
