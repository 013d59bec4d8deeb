// SPDX-License-Identifier: MIT
// display_text.hpp - the lines a person sees, made from plain figures. Pure; what came from outside
// is escaped here, so that no name or message can move the cursor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "units.hpp"

namespace procfarm::cli {

/// Whether colours are used.
struct Palette {
  bool colored = false;

  std::string green(std::string_view text) const { return paint("32;1", text); }
  std::string red(std::string_view text) const { return paint("31;1", text); }
  std::string yellow(std::string_view text) const { return paint("33;1", text); }
  std::string faint(std::string_view text) const { return paint("2", text); }
  std::string bold(std::string_view text) const { return paint("1", text); }

 private:
  std::string paint(std::string_view code, std::string_view text) const;
};

/// The run at one moment.
struct StatusFigures {
  std::uint64_t done = 0;
  std::optional<std::uint64_t> total{};
  std::uint64_t running = 0;
  std::uint64_t failed = 0;
  std::uint64_t retried = 0;
  double per_second = 0;
  std::optional<Duration> remaining{};
  std::string slowest{};  // the task that runs longest
  Duration slowest_for{};
};

/// `[======>    ] 312/1,000  45/s  8 running  2 failed  3 retried  ETA 12 s  pack[3] (4.2 s)`,
/// at most `width` columns, without colours and without a line end.
std::string status_line(const StatusFigures& figures, int width, bool bar);

/// `312/1,000 done, 45/s, 8 running, 2 failed`: for logs.
std::string plain_status(const StatusFigures& figures, bool with_remaining);

/// `text` cut to `columns`; a cut one ends in `…`.
std::string cut_to_width(std::string_view text, int columns);

enum class TaskMark { pass, fail, skip, retry, cancel };

/// One settled instance or ended attempt.
struct TaskLine {
  TaskMark mark = TaskMark::pass;
  std::string name{};
  std::string label{};   // its data
  std::string reason{};  // `exit code 1`, `killed by SIGSEGV`, ...
  Duration took{};
  int attempt = 1;
};

/// `    FAIL [   1.204s] pack[3] level=9: exit code 1`
std::string task_line(const TaskLine& line, const Palette& palette);

/// The end of a task's stderr below its line, indented; empty for an empty text. At most
/// `most_lines` lines of at most some hundred bytes.
std::string stderr_tail(std::string_view text, std::size_t most_lines);

/// `procfarm logs RUN 'pack[3]'`, quoted for a shell.
std::string logs_command(const std::string& run, const std::string& instance);

struct SummaryFigures {
  std::uint64_t passed = 0, failed = 0, skipped = 0, retried = 0, cancelled = 0;
  std::uint64_t kept = 0;  // were done before
  Duration wall{};
  std::optional<double> busy{};   // share of the workers' time, 0 to 1
  std::uint64_t peak_memory = 0;  // bytes, of the largest task; 0: not known
  std::string run{};              // empty: nothing was kept
  std::string stopped{};          // why the run ended early; empty: it did not
};

/// The last words: the counts, the figures, the failures once more.
std::string summary_text(const SummaryFigures& figures, const std::vector<TaskLine>& failures,
                         const Palette& palette);

}  // namespace procfarm::cli
