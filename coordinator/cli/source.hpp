// SPDX-License-Identifier: MIT
// source.hpp - the data a task is repeated over, read row by row, never all of it at once.
// A bad row comes as a row with an error, and reading goes on after it. What ends the reading (a
// file that cannot be opened or read) is a JobError that names the file.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "value.hpp"

namespace procfarm::cli {

/// One instance's data. If `error` is not empty the row is bad, and `fields` may be incomplete;
/// the error names file and line.
struct Row {
  std::vector<std::pair<std::string, Value>> fields{};
  std::uint64_t line = 0;  // where the row begins in its file; elsewhere its number, from 1
  std::string error{};
};

/// Rows, read once. One thread at a time. next() may block when it reads a pipe.
class Source {
 public:
  virtual ~Source() = default;

  /// The next row, or nothing at the end. Throws JobError if the data can be read no further.
  virtual std::optional<Row> next() = 0;

  /// Passes over at most `rows` rows and returns over how many: fewer if it would take long, none
  /// at the end. Throws as next().
  virtual std::uint64_t discard(std::uint64_t rows);

  /// How many rows there are in all, where that is known without reading them.
  virtual std::optional<std::uint64_t> count_hint() const { return std::nullopt; }

  /// The names that rows may have; nothing where only the data tells (JSON Lines).
  virtual std::optional<std::vector<std::string>> names() const = 0;

  /// For messages: `lines of urls.txt`.
  virtual std::string describe() const = 0;
};

struct SourceOptions {
  std::string as{};                      // the variable's name; empty: the kind's default
  std::uint64_t skip = 0;                // rows to leave out at the beginning
  std::optional<std::uint64_t> limit{};  // at most so many rows after that
  bool strip_cr = false;                 // lines: drop a carriage return before the line feed
};

/// Files are opened here, so that a missing one is reported before anything runs. `-` is standard
/// input. Paths are taken as they are: the caller resolves those relative to the job file.

/// Every line as text, with the bytes it has, under `as` ("line"). A line with NUL is a bad row.
std::unique_ptr<Source> lines_source(const std::string& path, const SourceOptions& options = {});

/// Comma separated values as in RFC 4180; the first record has the names of the columns.
std::unique_ptr<Source> csv_source(const std::string& path, const SourceOptions& options = {});

/// The same, separated by tabs.
std::unique_ptr<Source> tsv_source(const std::string& path, const SourceOptions& options = {});

/// JSON Lines: an object gives its members, any other value is named `as` ("value").
std::unique_ptr<Source> jsonl_source(const std::string& path, const SourceOptions& options = {});

/// Paths that match, under `as` ("path"), relative to `base` where the pattern is relative.
/// Nothing is read before the first next(). Throws std::invalid_argument for a bad pattern.
std::unique_ptr<Source> glob_source(const std::string& pattern, const std::string& base,
                                    const SourceOptions& options = {});

/// first, first + step, ... up to and with last, under `as` ("value"). Throws
/// std::invalid_argument if `step` is 0.
std::unique_ptr<Source> range_source(std::int64_t first, std::int64_t last, std::int64_t step = 1,
                                     const SourceOptions& options = {});

/// The given values; an object gives its members, any other value is named `as` ("value").
std::unique_ptr<Source> values_source(std::vector<Value> values, const SourceOptions& options = {});

}  // namespace procfarm::cli
