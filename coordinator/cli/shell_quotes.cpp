// SPDX-License-Identifier: MIT
// shell_quotes.cpp - what stands in quotes, and behind a dollar sign.
#include <cctype>
#include <string>
#include <utility>

#include "shell_scanner.hpp"

namespace procfarm::cli {

void ShellScanner::backslash() {
  if (placeholder_at(at_ + 1)) {
    fail(at_, "a backslash directly before a placeholder", "a placeholder needs no quoting");
  }
  at_ += at_ + 1 < line_.size() && look(1) != '\0' ? 2 : 1;
}

void ShellScanner::single_quoted() {
  const std::size_t opened_at = at_++;
  while (!at_end()) {
    if (at_span()) {
      take_opaque("inside single quotes would not be replaced",
                  "end the quotes before it, or use double quotes");
    } else if (line_[at_++] == '\'') {
      return;
    }
  }
  fail(opened_at, "a single quote is not closed");
}

void ShellScanner::double_quoted() {
  const std::size_t opened_at = at_++;
  while (!at_end()) {
    if (at_span()) {
      take_span(Quoting::double_quoted);
      continue;
    }
    switch (line_[at_]) {
      case '"': ++at_; return;
      case '\\': backslash(); break;
      case '$': dollar(true); break;
      case '`': backticks(); break;
      default: ++at_;
    }
  }
  fail(opened_at, "a double quote is not closed");
}

void ShellScanner::backticks() {
  const std::size_t opened_at = at_++;
  while (!at_end()) {
    if (at_span()) {
      take_opaque("inside backticks", "write $(...) instead of `...`");
    } else if (line_[at_] == '\\') {
      backslash();
    } else if (line_[at_++] == '`') {
      return;
    }
  }
  fail(opened_at, "a backtick is not closed");
}

void ShellScanner::dollar(bool in_double_quotes) {
  if (placeholder_at(at_ + 1)) {
    fail(at_, "a '$' directly before a placeholder", "a placeholder is written without '$'");
  }
  const std::size_t opened_at = at_;
  const char next = look(1);
  if (next == '(' && look(2) == '(') {
    arithmetic();
  } else if (next == '(') {
    at_ += 2;
    commands(opened_at);
  } else if (next == '{') {
    parameter_expansion(in_double_quotes);
  } else if (next == '\'' && !in_double_quotes) {
    fail(at_, "$'...' is not known to every shell", "use printf, or plain quotes");
  } else {
    // `$$` and `$#` are whole; of `$name` the name is ordinary text.
    at_ += next == '$' || next == '#' ? 2 : 1;
  }
}

void ShellScanner::parameter_expansion(bool in_double_quotes) {
  const std::size_t opened_at = at_;
  at_ += 2;
  std::size_t name = 0;
  while (std::isalnum(static_cast<unsigned char>(look(name))) != 0 || look(name) == '_') ++name;
  // In "${x:-it's}" the quote is text, in "${x#'*'}" it quotes.
  const bool pattern = name > 0 && (look(name) == '#' || look(name) == '%' || look(name) == '/');
  const bool quotes = !in_double_quotes || pattern;
  const bool outer = std::exchange(state_.in_parameter_expansion, true);
  while (!at_end() && (at_span() || line_[at_] != '}')) {
    if (at_span()) {
      take_span(Quoting::none);
      continue;
    }
    switch (line_[at_]) {
      case '\\': backslash(); break;
      case '\'': quotes ? single_quoted() : void(++at_); break;
      case '"': double_quoted(); break;
      case '`': backticks(); break;
      case '$': dollar(in_double_quotes); break;
      default: ++at_;
    }
  }
  state_.in_parameter_expansion = outer;
  if (at_end()) fail(opened_at, "'${' is not closed");
  ++at_;
}

void ShellScanner::arithmetic() {
  const std::size_t opened_at = at_;
  int depth = 0;
  at_ += 3;
  while (!at_end()) {
    if (at_span()) {
      take_span(Quoting::arithmetic);
      continue;
    }
    const char character = line_[at_];
    if (character == ')' && depth == 0) {
      if (look(1) != ')') {
        fail(opened_at, "'$((' is read as arithmetic", "write '$( (' to begin a subshell");
      }
      at_ += 2;
      return;
    }
    depth += character == '(' ? 1 : character == ')' ? -1 : 0;
    switch (character) {
      case '\\': backslash(); break;
      case '`': backticks(); break;
      case '$': dollar(true); break;
      default: ++at_;
    }
  }
  fail(opened_at, "'$((' is not closed");
}

}  // namespace procfarm::cli
