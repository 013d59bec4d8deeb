// SPDX-License-Identifier: MIT
// command_streams.hpp - the three standard streams of a command: opened before it starts, drained
// while it runs. Captured output comes through pipes, because programs reopen /dev/stderr; input
// text lies in a file of memory, so that nobody has to feed it.
//
// The ends that the command gets stay open here, too. Nobody waits for the end of a pipe, which a
// daemon may hold open; and a pipe that ends would wake us twice before the command has ended.
#pragma once

#include <string>

#include <procfarm/command.hpp>
#include <procfarm/wire/unique_fd.hpp>

#include "command_process.hpp"

namespace procfarm::serving {

/// The reading end of one captured stream.
class CapturedStream {
 public:
  CapturedStream() = default;
  explicit CapturedStream(wire::UniqueFd pipe) : pipe_(std::move(pipe)) {}

  /// -1 when it is not captured.
  int fd() const { return pipe_.get(); }
  /// Reads some of what is there.
  void read_some();
  /// Reads what lies in the pipe now.
  void drain();
  std::string take() { return std::move(text_); }

 private:
  bool read_at_most(std::size_t count);

  wire::UniqueFd pipe_;
  std::string text_;
};

/// Pinned, one thread at a time.
class CommandStreams {
 public:
  /// Throws std::system_error, naming the file.
  explicit CommandStreams(const Command& command);
  CommandStreams(const CommandStreams&) = delete;
  CommandStreams& operator=(const CommandStreams&) = delete;

  /// What the command is to have.
  StandardFds theirs() const { return {in_.get(), out_.get(), err_.get()}; }

  CapturedStream out;
  CapturedStream err;

 private:
  wire::UniqueFd in_;
  wire::UniqueFd out_;
  wire::UniqueFd err_;
};

}  // namespace procfarm::serving
