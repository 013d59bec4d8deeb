// SPDX-License-Identifier: MIT
// template_parser.hpp - cuts a string of a job file into literal text and placeholders. Knows the
// braces and what may stand between them; what a shell makes of the string, template.cpp asks for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "template.hpp"

namespace procfarm::cli {

/// A piece of a template; `text` is the literal one, `reference` counts only for a placeholder.
struct ParsedPiece {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool is_placeholder = false;
  bool is_escape = false;  // {{"{{"}}
  std::string text{};
  std::string spec{};
  Reference reference{};
};

/// The pieces of `text`, in order. Throws JobError, located by `start`.
std::vector<ParsedPiece> parse_template(std::string_view text, const Position& start,
                                        TemplateKind kind);

}  // namespace procfarm::cli
