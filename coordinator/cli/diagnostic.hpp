// SPDX-License-Identifier: MIT
// diagnostic.hpp - how the tool says that something in a job file or its data is wrong.
// One line per error, with the place, the trouble and what to do; nothing that comes from outside
// reaches a terminal unescaped.
#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace procfarm::cli {

/// A place in a file. Line and column count from 1, columns in characters; 0 means unknown.
struct Position {
  std::string file{};
  int line = 0;
  int column = 0;

  bool operator==(const Position&) const = default;
};

/// `file:line:column`, shortened by what is unknown; control bytes are escaped.
std::string to_string(const Position& position);

/// The place of `text[offset]`, where `text` begins at `start`; `start` itself if its line is
/// unknown.
Position position_at(std::string_view text, std::size_t offset, const Position& start);

/// An error in a job file or in its data. `what()` is one line:
/// `file:line:column: message (advice)`. Control bytes are escaped in what(), nowhere else.
class JobError : public std::runtime_error {
 public:
  JobError(Position position, std::string message, std::string advice = {});

  const Position& position() const { return position_; }
  const std::string& message() const { return message_; }
  const std::string& advice() const { return advice_; }

 private:
  Position position_;
  std::string message_;
  std::string advice_;
};

/// The candidate nearest to `word` by edit distance, if one is near enough to be what was meant.
std::optional<std::string> nearest_name(std::string_view word,
                                        const std::vector<std::string>& candidates);

/// `did you mean 'timeout'?`, or an empty string when no candidate is near `word`.
std::string suggest(std::string_view word, const std::vector<std::string>& candidates);

/// `text` fit for a terminal, for one line of a log and for XML 1.0: control characters, text
/// direction overrides, U+FFFE, U+FFFF and invalid UTF-8 (so also surrogates) appear as `\n`,
/// `\x1b`, `\u202e`; all else stays as it is.
std::string escape_control(std::string_view text);

}  // namespace procfarm::cli
