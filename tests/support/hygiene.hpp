// SPDX-License-Identifier: MIT
// hygiene.hpp - a test leaves no process and no file behind. Compares what is there after a test
// case with what was there before it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace support {

/// Makes a fresh directory and points TMPDIR and XDG_RUNTIME_DIR to it, so that two test runs on
/// one machine do not see each other's files. Removes it at the end. One per process, in main().
class PrivateTemporaryDirectory {
 public:
  PrivateTemporaryDirectory();
  ~PrivateTemporaryDirectory();
  PrivateTemporaryDirectory(const PrivateTemporaryDirectory&) = delete;
  PrivateTemporaryDirectory& operator=(const PrivateTemporaryDirectory&) = delete;

 private:
  std::filesystem::path path_;
};

/// Our children and our files in the temporary directories, at one moment.
struct Residue {
  std::vector<pid_t> children{};
  std::vector<std::string> files{};

  static Residue now();
};

/// Waits, for a few seconds at most, until nothing is there that was not `before`. Returns what is
/// still left then, one line each; empty if all is tidy.
std::string wait_until_tidy(const Residue& before);

}  // namespace support
