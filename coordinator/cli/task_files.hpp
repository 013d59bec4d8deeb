// SPDX-License-Identifier: MIT
// task_files.hpp - the files an attempt leaves: streams that go to a path are written beside it and
// renamed on success, so that a half-written file never has the final name; outputs that must be
// there; and whether there is anything to do at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "instance.hpp"

namespace procfarm::cli {

/// A file that is being written under a temporary name beside `path`; removed unless published.
class FileTarget {
 public:
  /// Makes the temporary file, and the directory if it is missing. Throws std::system_error.
  FileTarget(std::string path, int attempt);
  ~FileTarget();
  FileTarget(FileTarget&& other) noexcept;
  FileTarget& operator=(FileTarget&& other) noexcept;

  const std::string& temporary() const { return temporary_; }

  /// A program may keep to itself that it could not write all. Throws std::system_error if nothing
  /// more can be written now, as then nobody knows whether all of it is there.
  void check_written() const;

  /// Gives it its name. Throws std::system_error.
  void publish();

 private:
  std::string path_;
  std::string temporary_;  // empty: there is nothing to remove
  int pipe_ = -1;          // a FIFO's reader must not see an end before the command has opened it
};

/// Replaces the file's content. Throws std::system_error.
void write_file(const std::string& path, const std::string& bytes);

/// The last bytes of a file, at most `most`; empty if it cannot be read.
std::string file_tail(const std::string& path, std::size_t most);

/// The first of `paths` that does not exist.
std::optional<std::string> first_missing(const std::vector<std::string>& paths);

/// Whether the instance need not run, by the task's `skip_if`.
bool is_up_to_date(SkipIf rule, const Resolved& resolved);

}  // namespace procfarm::cli
