// SPDX-License-Identifier: MIT
// shell_words.cpp - keywords count only where a command may begin.
#include "shell_words.hpp"

#include <algorithm>
#include <array>

namespace procfarm::cli {
namespace {

constexpr std::array<std::string_view, 7> words_before_a_command{"if", "then", "else", "elif",
                                                                 "do", "!",    "time"};

bool is_assignment(std::string_view word) {
  const std::size_t name =
      word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
  return name != 0 && name != std::string_view::npos && word[name] == '=';
}

}  // namespace

void ShellWords::end_word() {
  if (word_.empty()) return;
  const std::string word = std::exchange(word_, {});
  if (set_ != SetState::none) {
    operand_of_set(word);
  } else if (command_position_) {
    command_word(word);
  } else if (word == "in" && !open_.empty() && open_.back() == 'c') {
    command_position_ = true;
  }
}

void ShellWords::end_command() {
  end_word();
  command_position_ = true;
  set_ = SetState::none;
}

void ShellWords::open_parenthesis() {
  end_command();
  open(std::exchange(function_begun_, false) ? 'F' : '(');
}

bool ShellWords::close_parenthesis() {
  end_word();
  set_ = SetState::none;
  if (open_.empty()) return false;
  if (open_.back() != 'c') close('(', 'F');
  command_position_ = !open_.empty() && open_.back() == 'c';  // behind a pattern
  return true;
}

void ShellWords::begin_function() {
  word_.clear();
  function_begun_ = true;
  command_position_ = true;
}

void ShellWords::command_word(std::string_view word) {
  const bool another_may_follow =
      is_assignment(word) || std::find(words_before_a_command.begin(), words_before_a_command.end(),
                                       word) != words_before_a_command.end();
  command_position_ = another_may_follow || word == "{" || word == "while" || word == "until";
  if (word == "{") open(std::exchange(function_begun_, false) ? 'f' : '{');
  if (word == "}") close('{', 'f');
  if (word == "case") open('c');
  if (word == "esac") close('c', 'c');
  if (word == "while" || word == "until" || word == "for") ++loops_;
  if (word == "done" && loops_ > 0) --loops_;
  if (word == "shift") took_parameters_ = true;
  if (word == "set") set_ = SetState::operands;
  if (word == "function") odd_function_ = true;
}

void ShellWords::operand_of_set(std::string_view word) {
  if (set_ == SetState::option_name) {
    set_ = SetState::operands;
    return;
  }
  const bool is_option = word.size() > 1 && word != "--" && (word[0] == '-' || word[0] == '+');
  if (!is_option) took_parameters_ = true;
  // Of `set -euo pipefail` the o takes the next word.
  if (is_option && word.back() == 'o') set_ = SetState::option_name;
}

void ShellWords::open(char what) {
  open_ += what;
  if (what == 'f' || what == 'F') ++functions_;
}

void ShellWords::close(char what, char other) {
  if (open_.empty() || (open_.back() != what && open_.back() != other)) return;
  if (open_.back() == 'f' || open_.back() == 'F') --functions_;
  open_.pop_back();
}

}  // namespace procfarm::cli
