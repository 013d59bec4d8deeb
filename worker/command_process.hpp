// SPDX-License-Identifier: MIT
// command_process.hpp - one command as a process: found in its own PATH, started in a group of its
// own, signalled and reaped without ever touching a process that is not its own.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include <procfarm/command.hpp>
#include <procfarm/wire/unique_fd.hpp>

#include "command_spawn.hpp"

namespace procfarm::serving {

/// Throws std::invalid_argument for a command that says nothing, too much, or what no exec can
/// pass.
void check_command(const Command& command);

/// Any thread, one at a time. Its destructor kills and reaps what is left.
class CommandProcess {
 public:
  /// Starts it. If it cannot be executed, started() is false and the reason is there; throws
  /// std::system_error when no process can be made.
  CommandProcess(const Command& command, const StandardFds& fds);
  ~CommandProcess();
  CommandProcess(const CommandProcess&) = delete;
  CommandProcess& operator=(const CommandProcess&) = delete;

  bool started() const { return pid_ > 0; }
  /// As a shell would answer: 127 not found, 126 cannot be executed; the text names the program.
  int failure_code() const { return failure_code_; }
  const std::string& failure_text() const { return failure_text_; }

  pid_t pid() const { return pid_; }
  /// Readable when the process has ended.
  int pidfd() const { return pidfd_.get(); }
  /// SIGTERM to the group, and SIGCONT so that a stopped one hears it.
  void terminate();
  /// SIGKILL to the group and to all below the process.
  void kill();
  /// After its end: kills the rest of its group, reaps all of it. Returns its wait status, -1 if
  /// somebody else has reaped it and the kernel does not tell any more.
  int reap(rusage& usage);

 private:
  void fail(int error, const std::string& what);
  void adopt(SpawnedCommand spawned, const std::string& name);

  pid_t pid_ = 0;
  wire::UniqueFd pidfd_;
  int failure_code_ = 0;
  std::string failure_text_;
};

/// Is `group` that of a command that runs here? Then its own stop procedure takes care of it.
bool is_command_group(pid_t group);

}  // namespace procfarm::serving
