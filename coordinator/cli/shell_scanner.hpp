// SPDX-License-Identifier: MIT
// shell_scanner.hpp - one pass over a shell line, one function for each kind of quoting. Private to
// shell_context.cpp (commands, words), shell_quotes.cpp (quotes, expansions) and
// shell_here_documents.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shell_context.hpp"
#include "shell_words.hpp"

namespace procfarm::cli {

/// One thread at a time. Line, spans and start must outlive it.
class ShellScanner {
 public:
  ShellScanner(std::string_view line, const std::vector<ShellSpan>& spans, const Position& start)
      : line_(line), spans_(spans), start_(start) {}

  /// Once. Throws JobError where a placeholder cannot stand.
  std::vector<Quoting> scan() {
    commands(std::string_view::npos);
    return std::move(found_);
  }

 private:
  struct HereDocument {
    std::string delimiter{};
    bool quoted = false;
    bool strip_tabs = false;
  };

  /// What holds here and, changed inside a substitution, is as before behind it.
  struct State {
    bool in_parameter_expansion = false;
    bool in_function = false;
    bool parameters_gone = false;
    std::size_t placeholders_before_loop = 0;
  };

  void commands(std::size_t opened_at);
  bool part_of_word(ShellWords& words);
  bool operator_or_blank(ShellWords& words);
  void parenthesis(ShellWords& words);
  void comment();
  void check_words(ShellWords& words, std::size_t word_begin);

  void single_quoted();
  void double_quoted();
  void backticks();
  void backslash();
  void dollar(bool in_double_quotes);
  void parameter_expansion(bool in_double_quotes);
  void arithmetic();
  void here_document_operator();
  void here_documents();
  void here_document_line(const HereDocument& document);

  bool at_end() const { return at_ >= line_.size(); }
  bool at_span() const { return next_ < spans_.size() && spans_[next_].begin == at_; }
  bool placeholder_at(std::size_t offset) const {
    return next_ < spans_.size() && spans_[next_].begin == offset && !spans_[next_].opaque;
  }
  /// The character `ahead` of here; NUL at the end and where a span begins.
  char look(std::size_t ahead) const {
    const std::size_t offset = at_ + ahead;
    const bool span = next_ < spans_.size() && spans_[next_].begin <= offset;
    return span || offset >= line_.size() ? '\0' : line_[offset];
  }
  void take_span(Quoting quoting);
  /// Takes a span where no placeholder may stand.
  void take_opaque(const char* where, const char* advice);
  [[noreturn]] void fail(std::size_t offset, std::string message, std::string advice = {}) const {
    throw JobError(position_at(line_, offset, start_), std::move(message), std::move(advice));
  }

  std::string_view line_;
  const std::vector<ShellSpan>& spans_;
  const Position& start_;
  std::size_t at_ = 0;
  std::size_t next_ = 0;
  std::vector<Quoting> found_{};
  std::vector<HereDocument> pending_{};
  State state_{};
  std::size_t placeholders_ = 0;
};

}  // namespace procfarm::cli
