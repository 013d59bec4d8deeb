// SPDX-License-Identifier: MIT
// output_stream.hpp - standard output or error as bytes that either arrive or are known not to have
// arrived. Buffered; nothing is dropped in silence.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace procfarm::cli {

/// Makes descriptors 0 to 2 open, on /dev/null where they are not, so that no file we open can get
/// one of these numbers. First thing in main.
void open_standard_streams();

/// One thread at a time. Does not own the descriptor.
class OutputStream {
 public:
  explicit OutputStream(int fd) : fd_(fd) {}

  /// Appends; writes through when much is waiting. After an error it does nothing.
  void write(std::string_view text);

  /// Writes what is waiting; waits while the reader is slow. False after an error.
  bool flush();

  /// errno of the first write that failed, or 0.
  int error() const { return error_; }

  /// False while what was written last is a line without its end.
  bool at_line_start() const { return at_line_start_; }

  bool is_terminal() const;
  /// Columns of the terminal; 80 where that is not told.
  int width() const;

 private:
  static constexpr std::size_t buffer_limit = 64U * 1024U;

  int fd_;
  int error_ = 0;
  bool at_line_start_ = true;
  std::string buffer_;
};

}  // namespace procfarm::cli
