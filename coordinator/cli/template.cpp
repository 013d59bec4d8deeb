// SPDX-License-Identifier: MIT
// template.cpp - puts the values in.
#include "template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "format_spec.hpp"
#include "template_parser.hpp"

namespace procfarm::cli {
namespace {

std::string name_of(const Reference& reference) {
  const std::string_view accessor = to_string(reference.accessor);
  return accessor.empty() ? reference.name : fmt::format("{}.{}", reference.name, accessor);
}

/// A value for a message: as JSON, and not all of a long one.
std::string shown(const Value& value) {
  constexpr std::size_t most = 60;
  const std::string text = json_text(value);
  return text.size() <= most ? text : text.substr(0, most) + "...";
}

std::optional<PathPart> path_part_of(Accessor accessor) {
  switch (accessor) {
    case Accessor::stem: return PathPart::stem;
    case Accessor::name: return PathPart::name;
    case Accessor::dir: return PathPart::dir;
    case Accessor::ext: return PathPart::ext;
    default: return std::nullopt;
  }
}

Value lookup(const Reference& reference, Accessor accessor, const Scope& scope) {
  std::optional<Value> value = scope.lookup(reference.name, accessor);
  if (!value) {
    throw JobError(reference.position, fmt::format("unknown placeholder '{}'", name_of(reference)));
  }
  return *std::move(value);
}

Value resolve(const Reference& reference, bool as_text, const Scope& scope) {
  if (const auto part = path_part_of(reference.accessor)) {
    const Value value = lookup(reference, Accessor::none, scope);
    if (value.is_string()) return path_part(value.get_ref<const std::string&>(), *part);
    throw JobError(reference.position,
                   fmt::format("'{}' needs a path, but '{}' is {}: {}", name_of(reference),
                               reference.name, kind_of(value), shown(value)));
  }
  const bool list_as_file = as_text && reference.accessor == Accessor::results;
  return lookup(reference, list_as_file ? Accessor::results_file : reference.accessor, scope);
}

std::string formatted(const Reference& reference, const std::string& spec, const Value& value) {
  if (spec.empty()) return text_of(value);
  try {  // here the name and the place are known, which the user needs
    return format_value(value, spec);
  } catch (const std::invalid_argument& error) {
    throw JobError(reference.position,
                   fmt::format("the format '{}' does not fit placeholder '{}', which is {}: {}",
                               spec, name_of(reference), kind_of(value), shown(value)),
                   error.what());
  }
}

bool is_plain_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  return digits && (text.size() == 1 || text[0] != '0');
}

std::string parameter_at(std::size_t number, Quoting quoting) {
  switch (quoting) {
    case Quoting::none: return fmt::format("\"${{{}}}\"", number);
    case Quoting::arithmetic: return fmt::format("(${{{}}})", number);
    default: return fmt::format("${{{}}}", number);
  }
}

/// A value in `$((...))` is evaluated there, and some shells run commands in it.
void check_parameter(const Reference& reference, Quoting quoting, const std::string& text) {
  if (quoting == Quoting::arithmetic && !is_plain_integer(text)) {
    throw JobError(reference.position,
                   fmt::format("placeholder '{}' in arithmetic must be a decimal integer: {}",
                               name_of(reference), shown(text)));
  }
  if (text.find('\0') != std::string::npos) {
    throw JobError(reference.position, fmt::format("the value of placeholder '{}' contains a NUL "
                                                   "byte, which no command line can hold",
                                                   name_of(reference)));
  }
}

std::vector<Quoting> quoting_of(std::string_view text, const std::vector<ParsedPiece>& parsed,
                                const Position& start) {
  std::vector<ShellSpan> spans;
  bool any_placeholder = false;
  for (const ParsedPiece& piece : parsed) {
    if (!piece.is_placeholder && !piece.is_escape) continue;
    const bool opaque = piece.is_escape || piece.reference.raw;
    spans.push_back({piece.begin, piece.end, opaque});
    any_placeholder |= !opaque;
  }
  if (!any_placeholder) return std::vector<Quoting>(spans.size(), Quoting::none);
  return quoting_in_shell(text, spans, start);
}

}  // namespace

Template::Template(std::string_view text, Position start, TemplateKind kind)
    : source_(text), start_(std::move(start)), kind_(kind) {
  if (kind == TemplateKind::shell && text.find('\0') != text.npos) {
    throw JobError(position_at(text, text.find('\0'), start_), "a shell line cannot contain NUL");
  }
  std::vector<ParsedPiece> parsed = parse_template(text, start_, kind);
  std::vector<Quoting> quotings;
  if (kind == TemplateKind::shell) quotings = quoting_of(text, parsed, start_);
  auto quoting = quotings.begin();
  for (ParsedPiece& from : parsed) {
    Piece piece{.literal = std::move(from.text), .spec = std::move(from.spec)};
    if (from.is_placeholder) {
      piece.reference = references_.size();
      references_.push_back(std::move(from.reference));
    }
    const bool is_span = from.is_placeholder || from.is_escape;
    if (is_span && quoting != quotings.end()) piece.quoting = *quoting++;
    pieces_.push_back(std::move(piece));
  }
}

bool Template::is_single() const {
  return pieces_.size() == 1 && pieces_[0].reference && pieces_[0].spec.empty();
}

Value Template::render_value(const Scope& scope) const {
  if (is_single()) return resolve(references_[0], false, scope);
  return render_text(scope);
}

std::string Template::render_text(const Scope& scope) const {
  std::string text;
  for (const Piece& piece : pieces_) text += text_of_piece(piece, scope);
  return text;
}

ShellLine Template::render_shell(const Scope& scope) const {
  if (kind_ != TemplateKind::shell) throw std::logic_error("render_shell: not a shell line");
  ShellLine shell;
  for (const Piece& piece : pieces_) {
    std::string text = text_of_piece(piece, scope);
    if (!piece.reference) {
      shell.line += text;
      continue;
    }
    const Reference& reference = references_[*piece.reference];
    check_parameter(reference, reference.raw ? Quoting::none : piece.quoting, text);
    if (reference.raw) {
      shell.line += text;
      continue;
    }
    shell.parameters.push_back(std::move(text));
    shell.line += parameter_at(shell.parameters.size(), piece.quoting);
  }
  return shell;
}

std::string Template::text_of_piece(const Piece& piece, const Scope& scope) const {
  if (!piece.reference) return piece.literal;
  const Reference& reference = references_[*piece.reference];
  return formatted(reference, piece.spec, resolve(reference, true, scope));
}

}  // namespace procfarm::cli
