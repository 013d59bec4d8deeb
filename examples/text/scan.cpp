// SPDX-License-Identifier: MIT
// scan.cpp - one pass over the bytes; each step takes the longest thing that begins here.
#include "scan.hpp"

#include <algorithm>
#include <array>

namespace text {
namespace {

// Sorted. With the words of preprocessor lines.
constexpr std::array<std::string_view, 47> keywords{
    "auto",    "break",    "case",   "char",   "class",     "const",    "constexpr", "default",
    "define",  "defined",  "do",     "double", "elif",      "else",     "endif",     "enum",
    "error",   "extern",   "float",  "for",    "goto",      "if",       "ifdef",     "ifndef",
    "include", "inline",   "int",    "long",   "namespace", "noexcept", "pragma",    "register",
    "return",  "short",    "signed", "sizeof", "static",    "struct",   "switch",    "template",
    "typedef", "typename", "undef",  "union",  "unsigned",  "void",     "while"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool in_word(char c) { return begins_word(c) || is_digit(c); }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::size_t after(std::string_view source, std::string_view mark, std::size_t from) {
  const std::size_t found = source.find(mark, from);
  return found == std::string_view::npos ? source.size() : found + mark.size();
}

/// Where the comment that begins at `at` ends; `at` if there is none.
std::size_t skip_comment(std::string_view source, std::size_t at) {
  const std::string_view begin = source.substr(at, 2);
  if (begin == "/*") return after(source, "*/", at + 2);
  if (begin == "//") return std::min(source.find('\n', at), source.size());
  return at;
}

/// An unpaired quote, as in `#error don't`, ends with its line.
std::size_t skip_literal(std::string_view source, std::size_t at) {
  const char quote = source[at];
  for (++at; at < source.size() && source[at] != '\n'; ++at) {
    if (source[at] == quote) return at + 1;
    if (source[at] == '\\') ++at;
  }
  return std::min(at, source.size());
}

std::size_t skip_word(std::string_view source, std::size_t at) {
  while (at < source.size() && in_word(source[at])) ++at;
  return at;
}

}  // namespace

Words scan(std::string_view source) {
  Words words;
  words.lines = static_cast<std::uint64_t>(std::count(source.begin(), source.end(), '\n'));
  for (std::size_t at = 0; at < source.size();) {
    const char c = source[at];
    if (is_space(c)) {
      ++at;
      continue;
    }
    if (const std::size_t end = skip_comment(source, at); end != at) {
      at = end;
      continue;
    }
    ++words.tokens;
    if (c == '"' || c == '\'') {
      at = skip_literal(source, at);
    } else if (in_word(c)) {
      const std::size_t end = skip_word(source, at);
      const std::string_view word = source.substr(at, end - at);
      if (begins_word(c) && !std::binary_search(keywords.begin(), keywords.end(), word)) {
        ++words.identifiers[std::string(word)];
      }
      at = end;
    } else {
      ++at;
    }
  }
  return words;
}

std::vector<Count> most(const std::map<std::string, std::uint64_t>& counts, std::size_t limit) {
  std::vector<Count> sorted;
  sorted.reserve(counts.size());
  for (const auto& [name, count] : counts) sorted.push_back({name, count});
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Count& a, const Count& b) { return a.count > b.count; });
  if (sorted.size() > limit) sorted.resize(limit);
  return sorted;
}

}  // namespace text
