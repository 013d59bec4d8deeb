// SPDX-License-Identifier: MIT
// show_status.cpp - the summary as text and as JSON.
#include "show_status.hpp"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "diagnostic.hpp"
#include "units.hpp"
#include "value.hpp"

namespace procfarm::cli {
namespace {

constexpr std::size_t shown_at_most = 10;
constexpr std::size_t stderr_tail = 2048;
constexpr std::size_t stderr_lines = 5;

std::string last_lines(std::string_view text, std::size_t lines) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::size_t begin = text.size();
  while (lines-- > 0 && begin != std::string_view::npos && begin > 0) {
    begin = text.rfind('\n', begin - 1);
  }
  return std::string(begin == std::string_view::npos ? text : text.substr(begin + (begin > 0)));
}

std::string headline(const RunSummary& summary) {
  const RunDescription& run = summary.run;
  std::string text = fmt::format("run {} of {}: {}", run.id, escape_control(run.name),
                                 escape_control(summary.state));
  if (summary.state == "running") {
    const Duration since = std::chrono::system_clock::now() - run.started;
    text += fmt::format(" for {} (pid {})", format_duration(since), run.pid);
  } else if (summary.finished) {
    text += fmt::format(" after {}", format_duration(*summary.finished - run.started));
    if (summary.exit_code) text += fmt::format(" (exit code {})", *summary.exit_code);
  }
  return text + fmt::format(", started {}, workers {}\n", local_time(run.started), run.workers);
}

std::string task_table(const std::vector<TaskSummary>& tasks) {
  TextTable table({"task", "passed", "failed", "skipped", "cancelled", "running", "retried", "of",
                   "cpu time", "peak memory"});
  for (const TaskSummary& task : tasks) {
    table.add({escape_control(task.task.name), format_count(task.passed), format_count(task.failed),
               format_count(task.skipped), format_count(task.cancelled), format_count(task.running),
               format_count(task.retries),
               task.task.instances ? format_count(*task.task.instances) : "?",
               task.cpu_time.count() == 0 ? "-" : format_duration(task.cpu_time),
               task.peak_memory == 0 ? "-" : format_size(task.peak_memory)});
  }
  return table.text();
}

std::string labelled(const RecordedAttempt& attempt) {
  if (attempt.attempt.label.empty()) return attempt.instance_name();
  return fmt::format("{} ({})", attempt.instance_name(), escape_control(attempt.attempt.label));
}

std::string running_text(RunReader& run, const std::string& state) {
  const auto running = run.running(shown_at_most);
  if (running.empty()) return {};
  const bool alive = state == "running";
  std::string text = alive ? "\nrunning now, the longest first\n" : "\nrunning when the run died\n";
  for (const RecordedAttempt& each : running) {
    const Duration since = std::chrono::system_clock::now() - each.attempt.started;
    text += fmt::format("  {}: attempt {}, pid {}{}\n", labelled(each), each.attempt.key.attempt,
                        each.attempt.worker_pid, alive ? ", " + format_duration(since) : "");
  }
  return text;
}

std::string failures_text(RunReader& run, std::uint64_t count) {
  if (count == 0) return {};
  std::string text = "\nfailed\n";
  const auto failures = run.failures(shown_at_most, stderr_tail);
  for (const RecordedAttempt& each : failures) {
    text += fmt::format("  {}: {}, attempt {}\n", labelled(each), how_it_ended(each.attempt),
                        each.attempt.key.attempt);
    text += printable_lines(last_lines(each.attempt.stderr_bytes, stderr_lines), "    ");
  }
  if (count > failures.size()) text += fmt::format("  and {} more\n", count - failures.size());
  return text + fmt::format("  more: procfarm logs {} failed\n", run.directory().id());
}

Value status_json(const RunSummary& summary, const std::vector<TaskSummary>& tasks) {
  const auto or_null = [](const auto& value) { return value ? Value(*value) : Value(nullptr); };
  Value json;
  json["run"] = summary.run.id;
  json["name"] = summary.run.name;
  json["job"] = summary.run.job_file;
  json["state"] = summary.state;
  json["exit_code"] = or_null(summary.exit_code);
  json["started"] = utc_time(summary.run.started);
  json["finished"] = summary.finished ? Value(utc_time(*summary.finished)) : Value(nullptr);
  json["workers"] = summary.run.workers;
  json["tasks"] = Value::array();
  for (const TaskSummary& task : tasks) {
    Value row;
    row["task"] = task.task.name;
    row["instances"] = or_null(task.task.instances);
    row["passed"] = task.passed;
    row["failed"] = task.failed;
    row["skipped"] = task.skipped;
    row["cancelled"] = task.cancelled;
    row["running"] = task.running;
    row["retries"] = task.retries;
    row["cpu_seconds"] = std::chrono::duration<double>(task.cpu_time).count();
    row["peak_memory"] = task.peak_memory;
    json["tasks"].push_back(std::move(row));
  }
  return json;
}

}  // namespace

int show_status(const ShowOptions& options) {
  return show_run(options, [&options](RunReader& run, ShowOutput& out) {
    const RunSummary summary = run.summary();
    const std::vector<TaskSummary> tasks = run.tasks();
    if (options.json) {
      out.put(json_text(status_json(summary, tasks)) + "\n");
      return 0;
    }
    std::uint64_t failed = 0;
    for (const TaskSummary& task : tasks) failed += task.failed;
    out.put(headline(summary));
    out.put("\n" + task_table(tasks));
    out.put(running_text(run, summary.state));
    out.put(failures_text(run, failed));
    return 0;
  });
}

}  // namespace procfarm::cli
