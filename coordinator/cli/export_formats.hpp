// SPDX-License-Identifier: MIT
// export_formats.hpp - the formats of `export`, one function each: from a run's attempts to text.
// To be called in RunReader::with_snapshot(): a run that goes on changes while it is read.
#pragma once

#include "show_output.hpp"

namespace procfarm::cli {

/// GNU parallel's job log: a line for each attempt that has ended, in the order of their ends.
void export_joblog(RunReader& run, ShowOutput& out);

/// A line for each attempt, also for those that run, and for what was settled without one, with the
/// same members: comma separated values with a head, and JSON objects.
void export_csv(RunReader& run, ShowOutput& out);
void export_jsonl(RunReader& run, ShowOutput& out);

/// JUnit's XML: a suite for each task, a case for each instance.
void export_junit(RunReader& run, const RunSummary& summary, ShowOutput& out);

/// Trace events for chrome://tracing and Perfetto: a process for the host, a row for each place of
/// a worker, a slice for each attempt.
void export_trace(RunReader& run, const RunSummary& summary, ShowOutput& out);

}  // namespace procfarm::cli
