// SPDX-License-Identifier: MIT
// task_records.hpp - the files that GNU parallel's users expect beside the run database: --joblog,
// one line per attempt, and --results, a directory per instance with what it wrote.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "output_stream.hpp"
#include "shown_attempt.hpp"

namespace procfarm::cli {

inline constexpr const char* joblog_head =
    "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";

/// One attempt in a job log.
struct JobLogLine {
  std::uint64_t number = 1;  // of the instance, among all of the job
  TimePoint started{};
  Duration took{};
  std::uint64_t received = 0;  // bytes of its standard output
  bool passed = false;
  std::optional<int> exit_code{};
  std::optional<int> signal{};
  std::string_view command{};
};

std::string joblog_line(const JobLogLine& line);

/// One thread at a time.
class JobLog {
 public:
  /// Truncates the file, or goes on with it, and writes the head if it is empty. Throws
  /// std::system_error.
  JobLog(const std::string& path, bool append);
  ~JobLog();
  JobLog(const JobLog&) = delete;
  JobLog& operator=(const JobLog&) = delete;

  void add(const ShownAttempt& attempt);
  /// False if something could not be written.
  bool flush() { return out_.flush(); }
  /// errno of what could not be written, or 0.
  int error() const { return out_.error(); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int fd_;
  OutputStream out_;
};

/// Makes the directory of --results, if it is not there. Throws std::system_error.
void make_result_directory(const std::filesystem::path& directory);

/// Writes DIRECTORY/task/index/stdout and stderr (without index where the instance has no number).
/// Throws std::system_error.
void write_result_files(const std::filesystem::path& directory, const ShownAttempt& attempt);

}  // namespace procfarm::cli
