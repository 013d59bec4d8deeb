// SPDX-License-Identifier: MIT
// template_parser.cpp - one pass, one function for each thing that braces can mean.
#include "template_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "format_spec.hpp"

namespace procfarm::cli {
namespace {

constexpr std::array accessor_words{
    std::pair{std::string_view("stem"), Accessor::stem},
    std::pair{std::string_view("name"), Accessor::name},
    std::pair{std::string_view("dir"), Accessor::dir},
    std::pair{std::string_view("ext"), Accessor::ext},
    std::pair{std::string_view("result"), Accessor::result},
    std::pair{std::string_view("stdout"), Accessor::stdout_text},
    std::pair{std::string_view("results"), Accessor::results},
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The columns of a CSV file have names with blanks, and in any language.
bool may_stand_in_name(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return std::isalnum(byte) != 0 || byte >= 0x80 ||
         std::string_view("_-. ").find(character) != std::string_view::npos;
}

class Parser {
 public:
  Parser(std::string_view text, const Position& start, TemplateKind kind)
      : text_(text), start_(start), kind_(kind) {}

  std::vector<ParsedPiece> parse() {
    while (at_ < text_.size()) {
      if (rest().starts_with("{{{")) {
        raw_splice();
      } else if (rest().starts_with("{{\"")) {
        escape();
      } else if (rest().starts_with("{{")) {
        placeholder();
      } else {
        literal();
      }
    }
    return std::move(pieces_);
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }
  [[noreturn]] void fail(std::size_t offset, std::string message, std::string advice = {}) const {
    throw JobError(position_at(text_, offset, start_), std::move(message), std::move(advice));
  }

  void literal();
  void closing_braces();
  void escape();
  void placeholder();
  void raw_splice();
  void reference(std::string_view content, std::size_t end, bool raw);
  void name_and_accessor(std::string_view content, Reference& reference) const;
  std::string_view until(std::string_view closing, std::size_t opening_size) const;

  std::string_view text_;
  const Position& start_;
  TemplateKind kind_;
  std::size_t at_ = 0;
  std::size_t open_braces_ = 0;  // single ones, in literal text
  std::vector<ParsedPiece> pieces_{};
};

void Parser::literal() {
  if (pieces_.empty() || pieces_.back().is_placeholder || pieces_.back().is_escape) {
    pieces_.push_back({.begin = at_, .end = at_});
  }
  const std::size_t before = at_;
  if (text_[at_] == '}') {
    closing_braces();
  } else {
    if (text_[at_] == '{') ++open_braces_;
    ++at_;
  }
  pieces_.back().text += text_.substr(before, at_ - before);
  pieces_.back().end = at_;
}

/// Two closing braces that close single ones, as in JSON or `${a:-${b}}`, are text; such as close
/// nothing are the rest of a placeholder that somebody mistyped.
void Parser::closing_braces() {
  const std::size_t count = std::min(rest().find_first_not_of('}'), rest().size());
  if (count > 1 && count > open_braces_) {
    fail(at_, "'}}' closes nothing", "a literal '}}' is written {{\"}}\"}}");
  }
  open_braces_ -= std::min(count, open_braces_);
  at_ += count;
}

void Parser::escape() {
  const std::size_t quote = text_.find('"', at_ + 3);
  const bool closed = quote != std::string_view::npos && text_.substr(quote + 1, 2) == "}}";
  const std::string_view braces = closed ? text_.substr(at_ + 3, quote - at_ - 3) : "";
  if (braces.empty() || braces.find_first_not_of("{}") != std::string_view::npos) {
    fail(at_, "a placeholder with quotes is not understood",
         "a literal '{{' is written {{\"{{\"}}");
  }
  pieces_.push_back(
      {.begin = at_, .end = quote + 3, .is_escape = true, .text = std::string(braces)});
  at_ = quote + 3;
}

std::string_view Parser::until(std::string_view closing, std::size_t opening_size) const {
  const std::size_t begin = at_ + opening_size;
  const std::string_view opening = text_.substr(at_, opening_size);
  const std::size_t end = text_.find(closing, begin);
  if (end == std::string_view::npos) {
    fail(at_, fmt::format("'{}' is not closed", opening),
         fmt::format("a literal '{0}' is written {{{{\"{0}\"}}}}", opening));
  }
  const std::string_view content = text_.substr(begin, end - begin);
  if (content.find_first_of("{}") != std::string_view::npos) {
    fail(at_, fmt::format("the braces after '{}' are unbalanced", opening));
  }
  return content;
}

void Parser::placeholder() {
  const std::string_view content = until("}}", 2);
  reference(content, at_ + content.size() + 4, false);
}

void Parser::raw_splice() {
  if (kind_ != TemplateKind::shell) {
    fail(at_, "{{{...}}} is only for shell lines",
         "write {{...}}; a literal '{' before it is written {{\"{\"}}");
  }
  const std::string_view content = until("}}}", 3);
  reference(content, at_ + content.size() + 6, true);
}

void Parser::reference(std::string_view content, std::size_t end, bool raw) {
  ParsedPiece piece{.begin = at_, .end = end, .is_placeholder = true};
  piece.reference.raw = raw;
  piece.reference.position = position_at(text_, at_, start_);
  const std::size_t colon = content.find(':');
  if (colon != std::string_view::npos) {
    std::string_view spec = content.substr(colon + 1);
    while (!spec.empty() && spec.back() == ' ') spec.remove_suffix(1);
    const std::string problem = problem_of_format(spec);
    if (!problem.empty()) {
      fail(at_,
           fmt::format("the format '{}' of placeholder '{}' {}", spec,
                       trimmed(content.substr(0, colon)), problem),
           "such as {{index:06d}}, {{x:.3f}} or {{name:>10}}");
    }
    piece.spec = spec;
  }
  name_and_accessor(trimmed(content.substr(0, colon)), piece.reference);
  pieces_.push_back(std::move(piece));
  at_ = end;
}

void Parser::name_and_accessor(std::string_view content, Reference& reference) const {
  if (content.empty()) {
    fail(at_, "a placeholder without a name", "a literal '{{' is written {{\"{{\"}}");
  }
  for (const char character : content) {
    if (may_stand_in_name(character)) continue;
    fail(at_, fmt::format("a placeholder's name cannot contain '{}': '{}'", character, content));
  }
  reference.name = content;
  const std::size_t dot = content.rfind('.');
  if (dot == std::string_view::npos) return;
  for (const auto& [word, accessor] : accessor_words) {
    if (content.substr(dot + 1) != word) continue;
    if (dot == 0) fail(at_, fmt::format("there is no name before '{}'", content));
    reference.name = content.substr(0, dot);
    reference.accessor = accessor;
  }
}

}  // namespace

std::string_view to_string(Accessor accessor) {
  if (accessor == Accessor::results_file) accessor = Accessor::results;
  for (const auto& [word, known] : accessor_words) {
    if (known == accessor) return word;
  }
  return "";
}

std::vector<ParsedPiece> parse_template(std::string_view text, const Position& start,
                                        TemplateKind kind) {
  return Parser(text, start, kind).parse();
}

}  // namespace procfarm::cli
