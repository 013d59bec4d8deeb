// SPDX-License-Identifier: MIT
// diagnostic.cpp - the one line of an error, the nearest name, and the escaping of text that came
// from outside.
#include "diagnostic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "utf8.hpp"

namespace procfarm::cli {
namespace {

std::string one_line(const Position& position, const std::string& message,
                     const std::string& advice) {
  std::string line = to_string(position);
  if (!line.empty()) line += ": ";
  line += escape_control(message);
  if (!advice.empty()) line += " (" + escape_control(advice) + ")";
  return line;
}

bool hides_or_moves_text(char32_t character) {
  return character < 0x20 || (character >= 0x7f && character < 0xa0) ||
         (character >= 0x200e && character <= 0x200f) ||
         (character >= 0x2028 && character <= 0x202e) ||
         (character >= 0x2066 && character <= 0x2069);
}

/// Unicode keeps these from being characters, and XML cannot hold them.
bool is_no_character(char32_t code) { return code == 0xfffe || code == 0xffff; }

std::string escaped(char32_t character) {
  switch (character) {
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: break;
  }
  const auto code = static_cast<std::uint32_t>(character);
  return code < 0x80 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
}

/// Letters inserted, dropped, replaced, or swapped with their neighbour.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> above(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  std::vector<std::size_t> two_above(to.size() + 1);
  for (std::size_t i = 0; i < from.size(); ++i) {
    two_above = std::exchange(above, row);
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = above[j] + (from[i] == to[j] ? 0 : 1);
      row[j + 1] = std::min({replaced, row[j] + 1, above[j + 1] + 1});
      const bool swapped = i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j];
      if (swapped) row[j + 1] = std::min(row[j + 1], two_above[j - 1] + 1);
    }
  }
  return row.back();
}

/// The only name that goes on where the word ends.
std::optional<std::string> only_completion(std::string_view word,
                                           const std::vector<std::string>& candidates) {
  constexpr std::size_t shortest = 3;
  const auto begins = [word](const std::string& name) { return name.starts_with(word); };
  if (word.size() < shortest || std::count_if(candidates.begin(), candidates.end(), begins) != 1)
    return std::nullopt;
  return *std::find_if(candidates.begin(), candidates.end(), begins);
}

}  // namespace

std::string to_string(const Position& position) {
  std::string text = escape_control(position.file);
  if (position.line <= 0) return text;
  text += fmt::format("{}{}", text.empty() ? "line " : ":", position.line);
  if (position.column > 0) text += fmt::format(":{}", position.column);
  return text;
}

Position position_at(std::string_view text, std::size_t offset, const Position& start) {
  Position position = start;
  if (position.line <= 0) return position;
  std::string_view before = text.substr(0, offset);
  while (!before.empty()) {
    const Utf8Character character = first_character(before);
    if (character.code == '\n') {
      ++position.line;
      position.column = 1;
    } else {
      ++position.column;
    }
    before.remove_prefix(character.size);
  }
  return position;
}

JobError::JobError(Position position, std::string message, std::string advice)
    : std::runtime_error(one_line(position, message, advice)),
      position_(std::move(position)),
      message_(std::move(message)),
      advice_(std::move(advice)) {}

std::optional<std::string> nearest_name(std::string_view word,
                                        const std::vector<std::string>& candidates) {
  // Longer words are no names anybody mistyped, and the distance costs their square.
  constexpr std::size_t longest_name = 200;
  if (word.size() > longest_name) return std::nullopt;
  std::optional<std::string> nearest;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > longest_name) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= least || distance >= std::max(word.size(), candidate.size())) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

std::string suggest(std::string_view word, const std::vector<std::string>& candidates) {
  auto nearest = nearest_name(word, candidates);
  if (!nearest) nearest = only_completion(word, candidates);
  return nearest ? fmt::format("did you mean '{}'?", *nearest) : std::string();
}

std::string escape_control(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    const std::string_view bytes = text.substr(0, character.size);
    if (!character.valid) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[0]));
    } else if (hides_or_moves_text(character.code) || is_no_character(character.code)) {
      result += escaped(character.code);
    } else {
      result += bytes;
    }
    text.remove_prefix(character.size);
  }
  return result;
}

}  // namespace procfarm::cli
