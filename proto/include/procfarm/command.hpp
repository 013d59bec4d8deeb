// SPDX-License-Identifier: MIT
// command.hpp - runs one command, with its output captured, its exit status and its resources.
// An ordinary function: pool.submit<procfarm::run_command>(Command{.argv = {"gzip", "-k", file}}).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <procfarm/codec.hpp>
#include <procfarm/duration.hpp>

namespace procfarm {

/// Where one of a command's output streams goes.
struct Output {
  /// Into CommandResult, to nowhere, into a file, or where the worker's own goes.
  enum class Kind : std::uint8_t { capture, none, file, inherit };
  Kind kind = Kind::capture;  // which of them
  std::string path{};         // file: truncated or created with mode 0666 & ~umask
};

/// What to run. Exactly one of `argv` (no shell; argv[0] is looked up in PATH) and `shell` (run as
/// /bin/sh -c shell procfarm shell_arguments...; a line that is but a program and its arguments is
/// executed directly, which nobody can tell) is set.
struct Command {
  std::vector<std::string> argv{};             // program and arguments
  std::string shell{};                         // or a line for /bin/sh
  std::vector<std::string> shell_arguments{};  // $1, $2, ... of the shell line
  std::map<std::string, std::string> env{};    // on top of the worker's, or alone with env_clear
  bool env_clear = false;                      // begin with an empty environment
  std::string cwd{};                           // "": the worker's
  std::string stdin_text{};                    // its standard input, or
  std::string stdin_file{};                    // the file it is read from; neither: /dev/null
  Output out{};                                // where its standard output goes
  Output err{};                                // and its standard error
  std::optional<Duration> timeout{};           // SIGTERM to its group then, SIGKILL after grace
  Duration grace = std::chrono::seconds{2};    // from SIGTERM to SIGKILL
  std::optional<std::uint64_t> memory{};       // resident bytes of its whole tree; over it: SIGKILL
};

/// How a command ended.
struct CommandResult {
  int exit_code = 0;  // -1 if it was ended by a signal; 126/127: it could not be executed, see err;
                      // -1 without a signal, before Linux 6.15: this program ignores SIGCHLD, or
                      // reaps all children, and so nobody knows
  int signal = 0;     // 0 if it exited
  std::string out{};  // what it wrote, where that is captured
  std::string err{};  // the same of standard error, or why it could not be executed
  Duration cpu_time{};            // user + system, the command and all it waited for
  std::uint64_t peak_memory = 0;  // bytes resident, of the largest of its processes; of all of
                                  // them together when they exceeded `memory`
  bool timed_out = false;         // ended because it exceeded `timeout`
  bool out_of_memory = false;     // ended because it exceeded `memory`
};

/// Runs `command` in a process group of its own and waits for it. When it ends, what is left of its
/// group is killed. When the task that it runs in is asked to stop (time limit, cancel_running) the
/// group gets SIGTERM, after grace SIGKILL: in a worker, and on the thread of a
/// ThreadPoolExecutor's task. Throws std::invalid_argument for a command that says nothing or too
/// much, std::system_error when pipes or processes cannot be made; a program that cannot be
/// executed is exit_code 127 (not found) or 126 with the reason in `err`. Any thread.
CommandResult run_command(const Command& command);

/// @cond
template <>
struct codec<Command> {
  static void encode(Writer& writer, const Command& command);
  static Command decode(Reader& reader);
};
template <>
struct codec<CommandResult> {
  static void encode(Writer& writer, const CommandResult& result);
  static CommandResult decode(Reader& reader);
};
/// @endcond

}  // namespace procfarm
