// SPDX-License-Identifier: MIT
// template.hpp - strings of a job file with placeholders: {{name}}, {{index:06d}}, {{path.stem}}.
// A Template is parsed once, with every mistake found and located then, and rendered per instance.
// In a shell line a placeholder becomes a positional parameter, so no value is parsed as shell;
// shell_context.hpp finds out how each of them is quoted. What the names mean, Scope knows.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostic.hpp"
#include "shell_context.hpp"
#include "value.hpp"

namespace procfarm::cli {

/// What follows the last dot of a placeholder's name. `results` is asked for when the whole list is
/// wanted as a value, `results_file` when `{{other.results}}` stands in text: a path then.
enum class Accessor { none, stem, name, dir, ext, result, stdout_text, results, results_file };

/// The word after the dot; empty for none.
std::string_view to_string(Accessor accessor);

/// The values of one instance.
class Scope {
 public:
  virtual ~Scope() = default;

  /// The value of a name; nothing if there is no such name. Asked only with none, result,
  /// stdout_text, results and results_file: the parts of a path are cut by the template.
  virtual std::optional<Value> lookup(std::string_view name, Accessor accessor) const = 0;
};

/// One use of a name. `accessor` is never `results_file`. `raw` is set for {{{name}}}.
struct Reference {
  std::string name{};
  Accessor accessor = Accessor::none;
  bool raw = false;
  Position position{};
};

/// What `/bin/sh -c line procfarm parameters...` gets.
struct ShellLine {
  std::string line{};
  std::vector<std::string> parameters{};
};

enum class TemplateKind { text, shell };

/// A parsed string. A plain value: any thread.
class Template {
 public:
  Template() = default;

  /// Parses `text`, whose first character stands at `start`. Throws JobError with the place of the
  /// mistake: unbalanced braces, an empty placeholder, a bad format, in a shell line also a
  /// placeholder where the shell would not expand it.
  explicit Template(std::string_view text, Position start = {},
                    TemplateKind kind = TemplateKind::text);

  /// Every placeholder, in order of appearance.
  const std::vector<Reference>& references() const { return references_; }

  /// True if the string has no placeholder.
  bool is_literal() const { return references_.empty(); }

  /// True if the string is one placeholder without a format: it keeps its value's type.
  bool is_single() const;

  /// Where the string begins.
  const Position& position() const { return start_; }

  /// The string as it was written.
  const std::string& source() const { return source_; }

  /// The value: that of the only placeholder with its type, else text. Throws JobError for an
  /// unknown name or a value that does not fit its format, as the other two do.
  Value render_value(const Scope& scope) const;

  /// The text, as an element of argv, a path or a variable of the environment.
  std::string render_text(const Scope& scope) const;

  /// The line and its parameters; only for a template of kind shell.
  ShellLine render_shell(const Scope& scope) const;

 private:
  struct Piece {
    std::string literal{};                   // of a literal
    std::optional<std::size_t> reference{};  // else which reference
    std::string spec{};                      // its format, without the colon
    Quoting quoting = Quoting::none;         // in a shell line
  };

  std::string text_of_piece(const Piece& piece, const Scope& scope) const;

  std::string source_{};
  Position start_{};
  TemplateKind kind_ = TemplateKind::text;
  std::vector<Reference> references_{};
  std::vector<Piece> pieces_{};
};

}  // namespace procfarm::cli
