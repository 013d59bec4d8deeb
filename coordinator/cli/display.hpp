// SPDX-License-Identifier: MIT
// display.hpp - what a person sees on standard error: one live status line on a terminal, a plain
// line now and then elsewhere; failures when they happen; the summary. Words are display_text's.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "display_text.hpp"
#include "options.hpp"
#include "output_stream.hpp"
#include "shown_attempt.hpp"

namespace procfarm::cli {

struct DisplayOptions {
  bool quiet = false;
  int verbose = 0;
  ColorMode color = ColorMode::automatic;
  bool bar = false;
  bool eta = false;
  std::string run{};  // empty: nothing is kept
};

/// What only the loop knows of the present.
struct LiveFigures {
  std::uint64_t running = 0;
  std::optional<std::uint64_t> total{};
  std::string slowest{};
  Duration slowest_for{};
};

/// One thread at a time.
class Display {
 public:
  using Clock = std::chrono::steady_clock;

  Display(OutputStream& out, DisplayOptions options);

  /// The first line.
  void started(const std::string& text);

  /// Counts, and says what deserves it. Only for what is recorded.
  void ended(const ShownAttempt& attempt);

  /// An instance was done before the run was resumed.
  void kept() { ++figures_.kept; }

  /// A line of our own, now.
  void message(const std::string& text);

  /// Whether it is time for tick(): what it needs costs something.
  bool wants_tick(Clock::time_point now) const;
  void tick(const LiveFigures& figures, Clock::time_point now);

  /// Takes the status line away, so that others may write to the same terminal.
  void hide();

  /// The last words. `jobs` is how many could run at a time.
  void summary(int jobs, const std::string& stopped);

  bool is_interactive() const { return interactive_; }
  std::uint64_t failed() const { return figures_.failed; }
  std::uint64_t done() const { return figures_.passed + figures_.failed + figures_.skipped; }

 private:
  static constexpr std::chrono::milliseconds redraw_interval{100};
  static constexpr std::chrono::seconds plain_interval{10};
  static constexpr std::size_t failures_kept = 20;
  static constexpr std::size_t tail_lines = 10;

  void count(const ShownAttempt& attempt);
  void print(const std::string& text);
  StatusFigures status(const LiveFigures& live, Clock::time_point now);
  bool plain_is_due(const StatusFigures& figures, Clock::time_point now) const;

  OutputStream& out_;
  DisplayOptions options_;
  bool interactive_;
  Palette palette_;
  SummaryFigures figures_{};
  std::vector<TaskLine> failures_;
  Duration busy_{};
  Clock::time_point begin_;
  Clock::time_point last_drawn_;
  std::uint64_t last_tenth_ = 0;
  std::uint64_t last_told_ = 0;
  bool line_is_drawn_ = false;
};

}  // namespace procfarm::cli
