// SPDX-License-Identifier: MIT
// export_trace.cpp - Trace Event Format. The database knows the workers' pids, not their places: a
// worker that came when another had run its last attempt is shown in that one's row, which is where
// a worker that took over from a dead one stood.
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "export_formats.hpp"
#include "value.hpp"

namespace procfarm::cli {
namespace {

constexpr int this_host = 1;  // `pid` of the events: the machine
constexpr int no_worker = 0;  // `tid`: what never came to a worker
constexpr int first_place = 1;

/// The row of each worker, by its pid.
std::unordered_map<int, int> places_of(const std::vector<WorkerSpan>& workers) {
  std::unordered_map<int, int> places;
  std::vector<TimePoint> taken_until;
  for (const WorkerSpan& worker : workers) {
    std::size_t place = 0;
    while (place < taken_until.size() && taken_until[place] > worker.first) ++place;
    if (place == taken_until.size()) taken_until.emplace_back();
    taken_until[place] = worker.last;
    places[worker.pid] = static_cast<int>(place) + first_place;
  }
  return places;
}

std::int64_t microseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

Value metadata(const char* what, int tid, const std::string& name) {
  return Value{{"name", what},
               {"ph", "M"},
               {"pid", this_host},
               {"tid", tid},
               {"args", Value{{"name", name}}}};
}

Value details_of(const RecordedAttempt& read) {
  const AttemptFinished& attempt = read.attempt;
  Value args{{"outcome", outcome_name(attempt.outcome)}, {"attempt", attempt.key.attempt}};
  if (!attempt.label.empty()) args["label"] = attempt.label;
  if (attempt.outcome == AttemptOutcome::failed) args["reason"] = how_it_ended(attempt);
  if (attempt.exit_code) args["exit_code"] = *attempt.exit_code;
  if (attempt.signal) args["signal"] = *attempt.signal;
  if (attempt.cpu_time.count() != 0) {
    args["cpu_seconds"] = std::chrono::duration<double>(attempt.cpu_time).count();
  }
  if (attempt.peak_memory != 0) args["peak_memory"] = attempt.peak_memory;
  if (attempt.worker_pid != 0) args["worker_pid"] = attempt.worker_pid;
  return args;
}

/// Writes events into one list, a line each.
class Events {
 public:
  explicit Events(ShowOutput& out) : out_(out) { out_.put("{\"traceEvents\": ["); }
  void add(const Value& event) {
    out_.put(empty_ ? "\n" : ",\n");
    out_.put(json_text(event));
    empty_ = false;
  }
  void finish(const Value& about) {
    out_.put(
        fmt::format("\n],\n\"displayTimeUnit\": \"ms\",\n\"otherData\": {}}}\n", json_text(about)));
  }

 private:
  ShowOutput& out_;
  bool empty_ = true;
};

/// A slice with a length; one without an end for what still runs, or ran when the tool died; a mark
/// for what took no time in a worker.
Value event_of(const RecordedAttempt& read, TimePoint begin, int tid) {
  const AttemptFinished& attempt = read.attempt;
  Value event{{"name", read.instance_name()}, {"cat", read.task}};
  const auto took = attempt.took();
  event["ph"] = !took ? "B" : tid == no_worker ? "i" : "X";
  event["pid"] = this_host;
  event["tid"] = tid;
  event["ts"] = microseconds(attempt.started - begin);
  if (event["ph"] == "X") event["dur"] = microseconds(*took);
  if (event["ph"] == "i") event["s"] = "t";
  event["args"] = details_of(read);
  return event;
}

}  // namespace

void export_trace(RunReader& run, const RunSummary& summary, ShowOutput& out) {
  const auto places = places_of(run.workers());
  Events events(out);
  events.add(metadata("process_name", no_worker, summary.run.host));
  int last = no_worker;
  for (const auto& [pid, place] : places) last = std::max(last, place);
  for (int place = first_place; place <= last; ++place) {
    events.add(metadata("thread_name", place, fmt::format("worker {}", place)));
  }
  run.visit_attempts(AttemptOrder::by_start, {}, [&](const RecordedAttempt& read) {
    const AttemptFinished& attempt = read.attempt;
    if (attempt.key.attempt == 0 || attempt.started == TimePoint{}) return;
    const auto place = places.find(attempt.worker_pid);
    events.add(
        event_of(read, summary.run.started, place == places.end() ? no_worker : place->second));
  });
  events.finish(Value{{"run", summary.run.id},
                      {"job", summary.run.name},
                      {"state", summary.state},
                      {"started", utc_time(summary.run.started)}});
}

}  // namespace procfarm::cli
