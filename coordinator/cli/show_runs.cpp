// SPDX-License-Identifier: MIT
// show_runs.cpp - one line for each run, from its own row alone: nothing is counted.
#include "show_runs.hpp"

#include <fmt/format.h>
#include <SQLiteCpp/Exception.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "diagnostic.hpp"
#include "units.hpp"
#include "value.hpp"

namespace procfarm::cli {
namespace {

/// The run's summary, or one that tells in `state` why it cannot be read.
RunSummary summary_of(const RunDirectory& directory) {
  RunSummary unreadable;
  unreadable.run.id = directory.id();
  try {
    return RunReader(directory).summary();
  } catch (const RunError& error) {
    unreadable.state = fmt::format("unreadable: {}", error.what());
  } catch (const SQLite::Exception& error) {
    unreadable.state = fmt::format("unreadable: {}", error.what());
  }
  return unreadable;
}

std::string duration_of(const RunSummary& summary) {
  if (summary.finished) return format_duration(*summary.finished - summary.run.started);
  if (summary.state != "running") return "";
  return format_duration(std::chrono::system_clock::now() - summary.run.started);
}

std::string json_line(const RunSummary& summary) {
  Value line;
  line["run"] = summary.run.id;
  line["name"] = summary.run.name;
  line["state"] = summary.state;
  line["exit_code"] = summary.exit_code ? Value(*summary.exit_code) : Value(nullptr);
  line["started"] = utc_time(summary.run.started);
  line["finished"] = summary.finished ? Value(utc_time(*summary.finished)) : Value(nullptr);
  return json_text(line) + "\n";
}

}  // namespace

int show_runs(const ShowOptions& options) {
  return show_guarded(options, [&options](ShowOutput& out) {
    find_run(options.base, "last");  // throws if there is none
    TextTable table({"run", "name", "state", "started", "duration"}, 4);
    for (const RunDirectory& directory : list_runs(options.base)) {
      const RunSummary summary = summary_of(directory);
      if (options.json) {
        out.put(json_line(summary));
        continue;
      }
      table.add({summary.run.id, escape_control(summary.run.name), escape_control(summary.state),
                 summary.run.started == TimePoint{} ? "" : local_time(summary.run.started),
                 duration_of(summary)});
    }
    if (!options.json) out.put(table.text());
    return 0;
  });
}

}  // namespace procfarm::cli
