// SPDX-License-Identifier: MIT
// job_text.hpp - gets a job file's bytes: from a path, a pipe or standard input, whole or line by
// line, and refuses what is no text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "diagnostic.hpp"

namespace procfarm::cli {

/// A job file that is open for reading; `-` is standard input, which is not closed. One thread at a
/// time.
class JobFile {
 public:
  /// Throws JobError naming the file: missing, a directory, unreadable, a FIFO nobody writes to.
  explicit JobFile(const std::string& path);
  ~JobFile();
  JobFile(const JobFile&) = delete;
  JobFile& operator=(const JobFile&) = delete;

  /// The next line without its line feed; nothing at the end. Throws JobError if reading fails.
  std::optional<std::string> next_line();
  /// Everything that has not been read yet.
  std::string rest();

 private:
  bool fill();
  void open_descriptor();
  void await_writer();
  [[noreturn]] void fail(std::string_view what, int error) const;

  std::string path_;
  int fd_ = -1;
  std::string buffer_{};
  std::size_t begin_ = 0;  // of what was not handed out yet, in buffer_
};

/// Throws JobError at the first NUL byte or byte that is no UTF-8. The text begins at `start`.
void check_text(std::string_view text, const Position& start);

/// The absolute directory that relative paths of this job are taken from: the file's, or for `-`
/// the current one.
std::string job_directory(const std::string& path);

/// The job's name if it has none: the file's stem, `job` for standard input.
std::string default_job_name(const std::string& path);

}  // namespace procfarm::cli
