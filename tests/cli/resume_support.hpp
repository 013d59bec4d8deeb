// SPDX-License-Identifier: MIT
// resume_support.hpp - what tests of resumed runs share: a job that leaves a witness, and what its
// database says.
#pragma once

#include <SQLiteCpp/Database.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tool_process.hpp"

namespace procfarm::cli {

/// Runs the text as the job that it was before, with --resume.
inline ToolResult resume_job(const ToolBench& bench, const std::string& job,
                             std::vector<std::string> more = {}) {
  more.insert(more.begin(), "--resume");
  return run_job(bench, job, std::move(more));
}

inline std::string database_of(const ToolBench& bench) {
  for (const auto& run : std::filesystem::directory_iterator(bench.path(".procfarm/runs"))) {
    return (run.path() / "run.db").string();
  }
  return {};
}

inline std::string ask(const ToolBench& bench, const char* query) {
  SQLite::Database database(database_of(bench));
  return database.execAndGet(query).getString();
}

/// Each value leaves a line in the witness and fails while there is a file `bad-VALUE`.
inline std::string witness_job(const std::string& values) {
  return "[[task]]\nname = \"t\"\nforeach = { values = [" + values +
         "] }\nshell = \"echo {{value}} >> witness; test ! -e bad-{{value}}\"\n";
}

}  // namespace procfarm::cli
