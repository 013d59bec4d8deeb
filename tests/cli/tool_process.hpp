// SPDX-License-Identifier: MIT
// tool_process.hpp - the real procfarm, started by a test as a person would start it: in a
// directory of its own, with its streams going to files that the test may read while it runs.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "scratch_directory.hpp"

namespace procfarm::cli {

/// Where a test runs the tool.
class ToolBench {
 public:
  /// Writes a file in the tool's directory and returns its path.
  std::string write(const std::string& name, std::string_view text) const {
    return directory_.write(name, text);
  }
  std::string path(const std::string& name) const { return directory_ / name; }
  /// The content of a file there; empty if it does not exist.
  std::string read(const std::string& name) const;
  bool exists(const std::string& name) const;

 private:
  ScratchDirectory directory_;
};

/// How the tool ended. `exit_code` is 128+n if a signal ended it.
struct ToolResult {
  int exit_code = 0;
  std::string out{};
  std::string err{};
};

struct ToolSetup {
  std::string input{};     // standard input
  std::string out_path{};  // instead of a file of ours, such as /dev/full
  std::string err_path{};
  std::vector<std::string> environment{};  // NAME=VALUE, added
};

/// A tool that runs. Killed at the end if it still does.
class ToolProcess {
 public:
  ToolProcess(const ToolBench& bench, std::vector<std::string> arguments, ToolSetup setup = {});
  ~ToolProcess();
  ToolProcess(const ToolProcess&) = delete;
  ToolProcess& operator=(const ToolProcess&) = delete;

  pid_t pid() const { return pid_; }
  void send(int signal) const;
  /// What it has written so far.
  std::string out() const;
  std::string err() const;
  /// Waits until it ends.
  ToolResult wait();

 private:
  const ToolBench& bench_;
  ToolSetup setup_;
  pid_t pid_ = -1;
};

/// Starts it and waits.
ToolResult run_tool(const ToolBench& bench, std::vector<std::string> arguments,
                    ToolSetup setup = {});

/// Runs the text as a job file, two at a time, with further arguments.
ToolResult run_job(const ToolBench& bench, const std::string& job,
                   std::vector<std::string> more = {});

/// An executor that starts removes what killed ones have left; this starts one.
void clean_up_after_killed_tools(const ToolBench& bench);

bool contains(const std::string& text, std::string_view part);
std::size_t count_lines(const std::string& text);

}  // namespace procfarm::cli
