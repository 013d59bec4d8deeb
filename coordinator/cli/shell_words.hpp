// SPDX-License-Identifier: MIT
// shell_words.hpp - the words of one shell command list, as far as they tell what closes what and
// what the positional parameters are: case and esac, braces, functions, loops, set and shift.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace procfarm::cli {

/// Fed with the unquoted text of one list of commands (the line itself, or one `$(...)`).
class ShellWords {
 public:
  /// Adds to the current word. What is quoted or expanded counts as one character that no keyword
  /// has.
  void add(char character) { word_ += character; }
  void add_opaque() { word_ += '\x01'; }

  bool in_word() const { return !word_.empty(); }
  bool word_is_assignment() const { return !word_.empty() && word_.back() == '='; }

  /// A blank, or the end of the text.
  void end_word();
  /// A line feed, `;`, `&` or `|`.
  void end_command();
  /// `(`
  void open_parenthesis();
  /// `)`. False if it closes the list itself.
  bool close_parenthesis();
  /// `()` after a name.
  void begin_function();

  bool in_function() const { return functions_ > 0; }
  bool in_loop() const { return loops_ > 0; }
  bool all_closed() const { return open_.empty(); }

  /// True if the word that ended last makes a command that changes the positional parameters:
  /// `shift`, or `set` with operands. Reset by the call.
  bool took_parameters() { return std::exchange(took_parameters_, false); }

  /// True after the word `function`, which only some shells know.
  bool odd_function() const { return odd_function_; }

 private:
  void command_word(std::string_view word);
  void operand_of_set(std::string_view word);
  void open(char what);
  void close(char what, char other);

  enum class SetState { none, operands, option_name };

  std::string word_{};
  std::string
      open_{};  // '(' parenthesis, 'c' case, '{' group, 'f' function group, 'F' ( ) function
  bool command_position_ = true;
  bool function_begun_ = false;
  bool took_parameters_ = false;
  bool odd_function_ = false;
  SetState set_ = SetState::none;
  int functions_ = 0;
  int loops_ = 0;
};

}  // namespace procfarm::cli
