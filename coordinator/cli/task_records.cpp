// SPDX-License-Identifier: MIT
// task_records.cpp - columns and file names as GNU parallel has them.
#include "task_records.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "diagnostic.hpp"
#include "task_files.hpp"

namespace procfarm::cli {
namespace {

double seconds_since_epoch(TimePoint time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

/// A command may leave with 0 and have failed all the same, as when its outputs are missing.
int exit_value(const JobLogLine& line) {
  if (line.passed) return line.exit_code.value_or(0);
  return line.exit_code.value_or(0) == 0 ? -1 : *line.exit_code;
}

int open_for_writing(const std::string& path, bool append) {
  constexpr mode_t mode = 0666;  // the umask takes from it
  const int fd =
      ::open(path.c_str(), O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC) | O_CLOEXEC, mode);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), path);
  return fd;
}

}  // namespace

std::string joblog_line(const JobLogLine& line) {
  return fmt::format("{}\t:\t{:.3f}\t{:.3f}\t0\t{}\t{}\t{}\t{}\n", line.number,
                     seconds_since_epoch(line.started),
                     std::chrono::duration<double>(line.took).count(), line.received,
                     exit_value(line), line.signal.value_or(0), escape_control(line.command));
}

JobLog::JobLog(const std::string& path, bool append)
    : path_(path), fd_(open_for_writing(path, append)), out_(fd_) {
  struct stat status {};
  if (::fstat(fd_, &status) == 0 && status.st_size > 0) return;
  out_.write(joblog_head);
}

JobLog::~JobLog() {
  out_.flush();
  ::close(fd_);
}

void JobLog::add(const ShownAttempt& attempt) {
  if (attempt.key.attempt == 0) return;
  out_.write(joblog_line({.number = attempt.number,
                          .started = attempt.started,
                          .took = attempt.took(),
                          .received = attempt.out ? attempt.out->size() : 0,
                          .passed = attempt.outcome == AttemptOutcome::passed,
                          .exit_code = attempt.exit_code,
                          .signal = attempt.signal,
                          .command = attempt.command}));
}

void make_result_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) throw std::system_error(error, directory.string());
}

void write_result_files(const std::filesystem::path& directory, const ShownAttempt& attempt) {
  std::filesystem::path folder = directory / attempt.task;
  if (attempt.name != attempt.task) folder /= fmt::format("{}", attempt.key.instance.index);
  make_result_directory(folder);
  if (attempt.out) write_file(folder / "stdout", *attempt.out);
  if (attempt.err) write_file(folder / "stderr", *attempt.err);
}

}  // namespace procfarm::cli
