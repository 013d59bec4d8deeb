// SPDX-License-Identifier: MIT
// line_reader.hpp - lines of a file or of standard input, with the bytes they have, in bounded
// memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "diagnostic.hpp"

namespace procfarm::cli {

/// Reads one file from beginning to end. One thread at a time; next() may wait for a pipe.
class LineReader {
 public:
  /// Opens `path`; `-` is standard input. Throws JobError naming the path if it is missing, a
  /// directory, unreadable, or a FIFO that nobody writes to.
  explicit LineReader(const std::string& path);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// The next line without its line feed; the last one may lack it. Throws JobError if the file
  /// cannot be read further or a line is larger than 256 MiB.
  std::optional<std::string> next();

  /// The number of the line that next() gave last, from 1.
  std::uint64_t line() const { return line_; }

  /// The path, or `standard input`.
  const std::string& name() const { return name_; }

  /// `name:line: message`, for a bad row.
  std::string located(std::uint64_t line, const std::string& message) const;

 private:
  void open(const std::string& path);
  bool nobody_writes();
  void make_room(std::size_t count);
  bool fill();
  [[noreturn]] void fail(const std::string& message) const;

  std::string name_;
  int fd_ = 0;  // standard input, which is not ours to close
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  // of what is not yet handed out
  std::size_t end_ = 0;
  bool at_end_ = false;
  std::uint64_t line_ = 0;
};

/// Most bytes of a line, or of a record over several lines.
inline constexpr std::size_t most_bytes_of_row = std::size_t{256} << 20;

/// Removes the mark with which some programs begin UTF-8 files.
void remove_byte_order_mark(std::string& text);

}  // namespace procfarm::cli
