// SPDX-License-Identifier: MIT
// show_output.hpp - what the subcommands that read a run have in common: their options, writing
// text out with errors noticed, finding the run, and the few words all of them use.
#pragma once

#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "options.hpp"
#include "run_reader.hpp"
#include "value.hpp"

namespace procfarm::cli {

struct ShowOptions {
  std::filesystem::path base = ".";  // where .procfarm lies
  std::string run{};                 // empty, `last`, the beginning of an id, or a directory
  std::string selector{};            // logs, results
  std::optional<int> attempt{};      // logs; default: the last
  bool json = false;
  bool csv = false;                            // results
  bool raw = false;                            // logs
  ExportFormat format = ExportFormat::joblog;  // export
  std::string output{};                        // export: a file; empty or `-`: `out`
  std::FILE* out = stdout;
  std::FILE* err = stderr;
};

/// Writes to a stream, and throws at the first byte that cannot be written. Does not close it.
class ShowOutput {
 public:
  explicit ShowOutput(std::FILE* file, std::string name = "the output")
      : file_(file), name_(std::move(name)) {}
  void put(std::string_view text);
  void flush();

 private:
  [[noreturn]] void fail() const;

  std::FILE* file_;
  std::string name_;  // for messages
};

/// Calls `show` and flushes; its answer is the exit code. Errors become one line on `options.err`
/// and a code: 2 no such run or a bad selector, 4 the output could not be written, 141 nobody reads
/// it.
int show_guarded(const ShowOptions& options, const std::function<int(ShowOutput&)>& show);

/// The same with the run that `options` name, opened.
int show_run(const ShowOptions& options, const std::function<int(RunReader&, ShowOutput&)>& show);

/// Lines of cells in columns: the first column to the left, those of numbers to the right.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> head, std::size_t left_columns = 1);
  void add(std::vector<std::string> row);
  std::string text() const;

 private:
  std::size_t left_columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// `text` as one cell of comma separated values (RFC 4180).
std::string csv_cell(const std::string& text);

/// A recorded result as a JSON value. Throws RunError that names the instance, `pack[3]`.
Value decoded_result(std::string_view msgpack, const std::string& instance);

/// Why an attempt is not `passed`: `exit code 2`, `killed by SIGSEGV`, `out_of_range: no such key`.
std::string how_it_ended(const AttemptFinished& attempt);

/// `text` for a terminal, line by line: each line begins with `indent`, control bytes are escaped
/// but for line ends and tabs. Ends with a line end unless it is empty.
std::string printable_lines(std::string_view text, std::string_view indent);

/// `2026-03-11 14:25:30`, local time.
std::string local_time(TimePoint time);
/// `2026-03-11T14:25:30.123456Z`
std::string utc_time(TimePoint time);

}  // namespace procfarm::cli
