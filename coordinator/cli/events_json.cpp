// SPDX-License-Identifier: MIT
// events_json.cpp - members that say nothing are left out; times are seconds.
#include "events_json.hpp"

#include <nlohmann/json.hpp>

#include "msgpack_json.hpp"
#include "show_output.hpp"
#include "value.hpp"

namespace procfarm::cli {
namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string line_of(const Value& event) { return json_text(event) + "\n"; }

}  // namespace

std::string event_line(const RunStartedEvent& event) {
  Value line{{"event", "run-started"}};
  if (!event.run.empty()) line["run"] = event.run;
  line["job"] = event.job;
  line["jobs"] = event.jobs;
  if (event.total) line["total"] = *event.total;
  line["time"] = utc_time(std::chrono::system_clock::now());
  return line_of(line);
}

std::string event_line(const RunFinishedEvent& event) {
  Value line{{"event", "run-finished"}};
  if (!event.run.empty()) line["run"] = event.run;
  line["state"] = event.state;
  line["exit_code"] = event.exit_code;
  line["passed"] = event.passed;
  line["failed"] = event.failed;
  line["skipped"] = event.skipped;
  line["cancelled"] = event.cancelled;
  line["retried"] = event.retried;
  if (event.kept > 0) line["done_before"] = event.kept;
  line["seconds"] = seconds(event.took);
  return line_of(line);
}

std::string event_line(const Explanation& explanation) {
  return line_of(Value{{"event", "explained"},
                       {"task", explanation.task},
                       {"index", explanation.index},
                       {"name", explanation.name},
                       {"decision", decision_word(explanation.decision)},
                       {"reason", explanation.reason}});
}

std::string event_line(const ShownAttempt& attempt) {
  Value line{{"event", attempt.settled ? "task-finished" : "attempt-finished"},
             {"task", attempt.task},
             {"index", attempt.key.instance.index},
             {"name", attempt.name},
             {"attempt", attempt.key.attempt},
             {"outcome", outcome_name(attempt.outcome)}};
  if (attempt.instances != 1) line["instances"] = attempt.instances;
  if (!attempt.label.empty()) line["label"] = attempt.label;
  if (!attempt.cause.empty()) line["cause"] = attempt.cause;
  if (!attempt.reason.empty()) line["reason"] = attempt.reason;
  if (attempt.exit_code) line["exit_code"] = *attempt.exit_code;
  if (attempt.signal) line["signal"] = *attempt.signal;
  if (attempt.key.attempt > 0) {
    line["started"] = utc_time(attempt.started);
    line["seconds"] = seconds(attempt.took());
    line["cpu_seconds"] = seconds(attempt.cpu_time);
    line["peak_memory"] = attempt.peak_memory;
    line["worker_pid"] = attempt.worker_pid;
  }
  if (attempt.out) line["stdout"] = *attempt.out;
  if (attempt.err) line["stderr"] = *attempt.err;
  if (!attempt.err && !attempt.stderr_tail.empty()) line["stderr_tail"] = attempt.stderr_tail;
  if (attempt.result) line["result"] = json_of_msgpack(*attempt.result);
  return line_of(line);
}

}  // namespace procfarm::cli
