// SPDX-License-Identifier: MIT
// shell_context.cpp - commands and their words. Only called for lines with placeholders, so that
// lines without are never refused.
#include "shell_context.hpp"

#include <string>
#include <utility>

#include "shell_scanner.hpp"

namespace procfarm::cli {
namespace {

constexpr const char* use_a_variable = "put it into a variable first: x={{...}}; then use \"$x\"";

}  // namespace

void ShellScanner::take_span(Quoting quoting) {
  if (!spans_[next_].opaque) {
    ++placeholders_;
    if (state_.in_parameter_expansion) fail(at_, "a placeholder inside ${...}", use_a_variable);
    if (state_.in_function) fail(at_, "a placeholder inside a shell function", use_a_variable);
    if (state_.parameters_gone) {
      fail(at_, "a placeholder after 'set' or 'shift' has changed the positional parameters",
           use_a_variable);
    }
  }
  found_.push_back(quoting);
  at_ = spans_[next_++].end;
}

void ShellScanner::take_opaque(const char* where, const char* advice) {
  if (!spans_[next_].opaque) fail(at_, std::string("a placeholder ") + where, advice);
  take_span(Quoting::none);
}

void ShellScanner::commands(std::size_t opened_at) {
  const bool in_substitution = opened_at != std::string_view::npos;
  const State outer = state_;
  ShellWords words;
  std::size_t word_begin = at_;
  while (!at_end()) {
    if (!words.in_word()) word_begin = at_;
    state_.in_function = outer.in_function || words.in_function();
    if (!at_span() && line_[at_] == ')') {
      const bool closes_list = !words.close_parenthesis();
      if (closes_list && !in_substitution) fail(at_, "')' closes nothing");
      ++at_;
      if (closes_list) {
        state_ = outer;
        return;
      }
    } else if (!part_of_word(words) && !operator_or_blank(words)) {
      words.add(line_[at_++]);
    }
    check_words(words, word_begin);
  }
  if (in_substitution) fail(opened_at, "'$(' is not closed");
  words.end_word();
  check_words(words, word_begin);
}

void ShellScanner::check_words(ShellWords& words, std::size_t word_begin) {
  if (words.odd_function()) {
    fail(word_begin, "'function' is not known to every shell", "write name() { ...; }");
  }
  if (!words.in_loop()) state_.placeholders_before_loop = placeholders_;
  if (!words.took_parameters() || state_.in_function) return;
  if (placeholders_ > state_.placeholders_before_loop) {
    fail(word_begin, "'set' or 'shift' in a loop changes what a placeholder there stands for",
         use_a_variable);
  }
  state_.parameters_gone = true;
}

bool ShellScanner::part_of_word(ShellWords& words) {
  const std::size_t before = at_;
  if (at_span()) {
    take_span(Quoting::none);
  } else {
    switch (line_[at_]) {
      case '\\': backslash(); break;
      case '\'': single_quoted(); break;
      case '"': double_quoted(); break;
      case '`': backticks(); break;
      case '$': dollar(false); break;
      default: return false;
    }
  }
  const bool continues_line = line_.substr(before, at_ - before) == "\\\n";
  if (!continues_line) words.add_opaque();
  return true;
}

bool ShellScanner::operator_or_blank(ShellWords& words) {
  switch (line_[at_]) {
    case ' ':
    case '\t': words.end_word(); break;
    case ';':
    case '&':
    case '|': words.end_command(); break;
    case '\n':
      words.end_command();
      ++at_;
      here_documents();
      return true;
    case '(': parenthesis(words); return true;
    case '#':
      if (words.in_word()) return false;
      comment();
      return true;
    case '>': words.end_word(); break;
    case '<':
      words.end_word();
      if (look(1) != '<') break;
      here_document_operator();
      return true;
    default: return false;
  }
  ++at_;
  return true;
}

void ShellScanner::parenthesis(ShellWords& words) {
  if (look(1) == '(' && !words.in_word()) fail(at_, "'((' is not known to every shell");
  std::size_t blanks = 1;
  while (look(blanks) == ' ') ++blanks;
  if (look(blanks) == ')' && !words.word_is_assignment()) {
    words.begin_function();
    at_ += blanks + 1;
    return;
  }
  words.open_parenthesis();
  ++at_;
}

void ShellScanner::comment() {
  while (!at_end() && line_[at_] != '\n') {
    if (at_span()) {
      take_span(Quoting::none);
    } else {
      ++at_;
    }
  }
}

std::vector<Quoting> quoting_in_shell(std::string_view line, const std::vector<ShellSpan>& spans,
                                      const Position& start) {
  return ShellScanner(line, spans, start).scan();
}

}  // namespace procfarm::cli
