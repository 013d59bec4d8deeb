// SPDX-License-Identifier: MIT
// display_text.cpp - words in columns: a mark, the time, the name, then what is particular.
#include "display_text.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <cmath>

#include "diagnostic.hpp"
#include "utf8.hpp"

namespace procfarm::cli {
namespace {

constexpr std::size_t mark_width = 8;
constexpr int bar_width = 20;
constexpr std::size_t longest_line = 400;
constexpr std::size_t failures_listed = 20;
constexpr const char* indent = "         ";

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// Characters from Hangul on count as two columns: rather a little too short than a second line.
int columns_of(char32_t character) { return character >= 0x1100 ? 2 : 1; }

std::string mark_word(TaskMark mark, const Palette& palette) {
  const auto aligned = [](std::string_view word) {
    return fmt::format("{:>{}}", word, mark_width);
  };
  switch (mark) {
    case TaskMark::pass: return palette.green(aligned("PASS"));
    case TaskMark::fail: return palette.red(aligned("FAIL"));
    case TaskMark::skip: return palette.yellow(aligned("SKIP"));
    case TaskMark::retry: return palette.yellow(aligned("RETRY"));
    case TaskMark::cancel: return palette.yellow(aligned("CANCEL"));
  }
  return {};
}

std::string subject(const TaskLine& line, const Palette& palette) {
  std::string text = palette.bold(escape_control(line.name));
  if (!line.label.empty()) text += " " + cut_to_width(escape_control(line.label), 60);
  if (line.mark == TaskMark::retry) text += fmt::format(", attempt {}", line.attempt);
  if (!line.reason.empty()) text += ": " + escape_control(line.reason);
  return text;
}

std::string progress_text(const StatusFigures& figures) {
  if (!figures.total) return format_count(figures.done);
  return format_count(figures.done) + "/" + format_count(*figures.total);
}

std::string bar_text(const StatusFigures& figures) {
  if (!figures.total || *figures.total == 0) return {};
  const double share = static_cast<double>(figures.done) / static_cast<double>(*figures.total);
  const int filled = std::clamp(static_cast<int>(share * bar_width), 0, bar_width);
  std::string bar(static_cast<std::size_t>(filled), '=');
  if (filled < bar_width) bar += '>';
  return fmt::format("[{:<{}}] ", bar, bar_width);
}

/// What is not zero, each with its word.
std::string counts_text(const SummaryFigures& figures, const Palette& palette) {
  std::string text = palette.green(format_count(figures.passed) + " passed");
  const auto add = [&text](std::uint64_t count, const char* word, auto paint) {
    if (count > 0) text += ", " + paint(format_count(count) + " " + word);
  };
  const auto red = [&palette](const std::string& words) { return palette.red(words); };
  const auto yellow = [&palette](const std::string& words) { return palette.yellow(words); };
  add(figures.failed, "failed", red);
  add(figures.skipped, "skipped", yellow);
  add(figures.cancelled, "cancelled", yellow);
  add(figures.retried, "retried", yellow);
  add(figures.kept, "done before", [](const std::string& words) { return words; });
  return text;
}

}  // namespace

std::string Palette::paint(std::string_view code, std::string_view text) const {
  if (!colored) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string cut_to_width(std::string_view text, int columns) {
  int used = 0;
  std::size_t kept = 0;  // bytes that leave room for the ellipsis
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Character next = first_character(text.substr(at));
    used += columns_of(next.code);
    if (used > columns) {
      return columns < 1 ? std::string() : std::string(text.substr(0, kept)) + "…";
    }
    at += next.size;
    if (used < columns) kept = at;
  }
  return std::string(text);
}

std::string status_line(const StatusFigures& figures, int width, bool bar) {
  std::string line = bar ? bar_text(figures) : std::string();
  line += progress_text(figures);
  if (figures.per_second > 0) line += "  " + format_rate(figures.per_second);
  line += fmt::format("  {} running", figures.running);
  if (figures.failed > 0) line += fmt::format("  {} failed", format_count(figures.failed));
  if (figures.retried > 0) line += fmt::format("  {} retried", format_count(figures.retried));
  if (figures.remaining) line += "  ETA " + format_duration(*figures.remaining);
  if (!figures.slowest.empty()) {
    line += fmt::format("  {} ({})", escape_control(figures.slowest),
                        format_duration(figures.slowest_for));
  }
  return cut_to_width(line, width - 1);  // in the last column some terminals begin a new line
}

std::string plain_status(const StatusFigures& figures, bool with_remaining) {
  std::string line = progress_text(figures) + " done";
  if (figures.per_second > 0) line += ", " + format_rate(figures.per_second);
  line += fmt::format(", {} running", figures.running);
  if (figures.failed > 0) line += fmt::format(", {} failed", format_count(figures.failed));
  if (figures.retried > 0) line += fmt::format(", {} retried", format_count(figures.retried));
  if (with_remaining && figures.remaining) {
    line += ", " + format_duration(*figures.remaining) + " to go";
  }
  return line;
}

std::string task_line(const TaskLine& line, const Palette& palette) {
  return fmt::format("{} [{:8.3f}s] {}\n", mark_word(line.mark, palette), seconds(line.took),
                     subject(line, palette));
}

std::string stderr_tail(std::string_view text, std::size_t most_lines) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  if (text.empty()) return {};
  std::size_t begin = text.size();
  for (std::size_t lines = 0; lines < most_lines && begin != 0; ++lines) {
    const auto line_end = text.rfind('\n', begin - 1);
    if (line_end == std::string_view::npos) {
      begin = 0;
      break;
    }
    begin = line_end;
  }
  std::string_view shown = text.substr(begin);
  if (!shown.empty() && shown.front() == '\n') shown.remove_prefix(1);
  std::string result;
  while (!shown.empty()) {
    const std::string_view line = shown.substr(0, shown.find('\n'));
    result += fmt::format("{}| {}\n", indent, escape_control(line.substr(0, longest_line)));
    shown.remove_prefix(std::min(shown.size(), line.size() + 1));
  }
  return result;
}

std::string logs_command(const std::string& run, const std::string& instance) {
  const bool plain = std::all_of(instance.begin(), instance.end(), [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '-' || character == '_' ||
           character == '.';
  });
  const char* quote = plain ? "" : "'";
  return fmt::format("procfarm logs {} {}{}{}", run, quote, instance, quote);
}

std::string summary_text(const SummaryFigures& figures, const std::vector<TaskLine>& failures,
                         const Palette& palette) {
  std::string text;
  for (std::size_t i = 0; i < std::min(failures.size(), failures_listed); ++i) {
    text += task_line(failures[i], palette);
    if (!figures.run.empty()) {
      text += indent + palette.faint(logs_command(figures.run, failures[i].name)) + "\n";
    }
  }
  if (figures.failed > failures_listed) {
    text +=
        fmt::format("{}... and {} more\n", indent, format_count(figures.failed - failures_listed));
  }
  text += fmt::format("{} [{:8.3f}s] {}", palette.bold(" Summary"), seconds(figures.wall),
                      counts_text(figures, palette));
  if (!figures.stopped.empty()) text += "; " + figures.stopped;
  std::string details;
  const auto add = [&details](const std::string& words) {
    details += (details.empty() ? "" : ", ") + words;
  };
  if (figures.busy) add(fmt::format("workers {:.0f} % busy", std::round(*figures.busy * 100)));
  if (figures.peak_memory > 0) add("peak memory " + format_size(figures.peak_memory));
  if (!figures.run.empty()) add("run " + figures.run);
  if (!details.empty()) text += "\n" + std::string(indent) + details;
  return text + "\n";
}

}  // namespace procfarm::cli
