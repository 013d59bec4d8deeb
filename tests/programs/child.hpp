// SPDX-License-Identifier: MIT
// child.hpp - a program started by a test: an example, or a server that one talks to. It runs in a
// directory of the test's, and its streams go to files that the test may read while it runs.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "cli/scratch_directory.hpp"

namespace programs {

using procfarm::cli::ScratchDirectory;

/// How a program ended. `exit_code` is 128+n if a signal ended it.
struct Ending {
  int exit_code = 0;
  std::string out{};
  std::string err{};
};

/// A program that runs. Killed at the end if it still does. One thread at a time.
class Child {
 public:
  /// `argv[0]` is looked for in PATH and the system's own folders; `environment` are NAME=VALUE
  /// pairs that are added.
  Child(const ScratchDirectory& directory, std::vector<std::string> argv,
        std::vector<std::string> environment = {});
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  void send(int signal) const;
  /// False once it has ended. What it was is kept for wait().
  bool runs();
  /// What it has written so far.
  std::string out() const;
  std::string err() const;
  /// Waits until it ends.
  Ending wait();

 private:
  std::string name_;  // of its files
  const ScratchDirectory& directory_;
  pid_t pid_ = -1;
  bool ended_ = false;
  int status_ = 0;
};

/// Runs the example of this name, in `directory`, and waits.
Ending run_example(const ScratchDirectory& directory, const std::string& name,
                   std::vector<std::string> arguments, std::vector<std::string> environment = {});
/// Where the example of this name lies. Throws when PROCFARM_EXAMPLES is not set.
std::string example(const std::string& name);
/// Where procfarm itself lies. Throws when PROCFARM_TOOL is not set.
std::string tool();

/// The content of a file; empty if there is none.
std::string read_file(const std::string& path);
bool contains(std::string_view text, std::string_view part);

}  // namespace programs
