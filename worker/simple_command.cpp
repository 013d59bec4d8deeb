// SPDX-License-Identifier: MIT
// simple_command.cpp - takes a line apart as the shell would (POSIX.1-2017, Shell & Utilities,
// 2.2 and 2.3), and gives up at the first character that could mean more than itself.
#include "simple_command.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace procfarm::serving {
namespace {

// What dash, bash, ksh and busybox execute themselves, reserved words and builtins, as far as it is
// made of plain characters.
constexpr std::array<std::string_view, 86> own_words{
    ".",        ":",      "alias",   "autoload", "bg",        "bind",     "break",    "builtin",
    "caller",   "case",   "cd",      "chdir",    "command",   "compgen",  "complete", "compopt",
    "continue", "coproc", "declare", "dirs",     "disown",    "do",       "done",     "echo",
    "elif",     "else",   "enable",  "esac",     "eval",      "exec",     "exit",     "export",
    "false",    "fc",     "fg",      "fi",       "float",     "for",      "function", "getopts",
    "hash",     "hist",   "history", "if",       "in",        "integer",  "jobs",     "kill",
    "let",      "local",  "logout",  "mapfile",  "nameref",   "newgrp",   "popd",     "print",
    "printf",   "pushd",  "pwd",     "read",     "readarray", "readonly", "return",   "select",
    "set",      "shift",  "shopt",   "source",   "stop",      "suspend",  "test",     "then",
    "time",     "times",  "trap",    "true",     "type",      "typeset",  "ulimit",   "umask",
    "unalias",  "unset",  "until",   "wait",     "whence",    "while"};

bool is_plain(char character) {
  constexpr std::string_view others = "_-./,:@%+=";
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || others.find(character) != others.npos;
}

bool is_own_word(std::string_view word) {
  return std::find(own_words.begin(), own_words.end(), word) != own_words.end();
}

/// One line, from left to right.
class Line {
 public:
  Line(std::string_view rest, const std::vector<std::string>& parameters)
      : rest_(rest), parameters_(parameters) {}

  void skip_blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }
  bool at_end() const { return rest_.empty(); }

  /// The next word; false: it is no simple one.
  bool take_word(std::string& word) {
    while (!rest_.empty() && rest_[0] != ' ' && rest_[0] != '\t') {
      const char character = rest_[0];
      rest_.remove_prefix(1);
      if (is_plain(character)) {
        word += character;
      } else if (!(character == '\'' ? take_single_quoted(word)
                                     : character == '"' && take_double_quoted(word))) {
        return false;
      }
    }
    return true;
  }

 private:
  bool take_single_quoted(std::string& word) {
    const std::size_t end = rest_.find('\'');
    if (end == rest_.npos) return false;
    word += rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return true;
  }

  bool take_double_quoted(std::string& word) {
    while (!rest_.empty()) {
      const char character = rest_[0];
      if (character == '\\' || character == '`') return false;
      if (character == '$') {
        if (!take_parameter(word)) return false;
        continue;
      }
      rest_.remove_prefix(1);
      if (character == '"') return true;
      word += character;
    }
    return false;
  }

  /// ${1}
  bool take_parameter(std::string& word) {
    std::size_t number = 0;
    const char* const end = rest_.data() + rest_.size();
    if (!rest_.starts_with("${")) return false;
    const auto [behind, error] = std::from_chars(rest_.data() + 2, end, number);
    if (error != std::errc{} || behind == end || *behind != '}') return false;
    if (number == 0 || number > parameters_.size()) return false;
    word += parameters_[number - 1];
    rest_.remove_prefix(static_cast<std::size_t>(behind + 1 - rest_.data()));
    return true;
  }

  std::string_view rest_;
  const std::vector<std::string>& parameters_;
};

}  // namespace

std::optional<std::vector<std::string>> words_of_simple_command(
    std::string_view line, const std::vector<std::string>& parameters) {
  // The program stands there in plain text. An = would make it an assignment, a % a job.
  const auto first_end = std::find_if_not(line.begin(), line.end(), is_plain);
  const std::string_view name = line.substr(0, static_cast<std::size_t>(first_end - line.begin()));
  const bool more = first_end != line.end();
  if (name.empty() || (more && *first_end != ' ' && *first_end != '\t')) return std::nullopt;
  if (name.find_first_of("=%") != name.npos || is_own_word(name)) return std::nullopt;

  std::vector<std::string> words;
  Line rest(line, parameters);
  for (rest.skip_blanks(); !rest.at_end(); rest.skip_blanks()) {
    if (!rest.take_word(words.emplace_back())) return std::nullopt;
  }
  return words;
}

}  // namespace procfarm::serving
