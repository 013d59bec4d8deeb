// SPDX-License-Identifier: MIT
// shell_context.hpp - finds out how each placeholder of a shell line is quoted where it stands, so
// that it can become a positional parameter there. Follows the shell's grammar as far as quoting
// goes: quotes, substitutions, here-documents, comments, case, functions. Where a parameter would
// not be expanded, or shells differ, it refuses instead of guessing.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "diagnostic.hpp"

namespace procfarm::cli {

/// How a placeholder of a shell line is quoted where it stands.
enum class Quoting { none, double_quoted, here_document, arithmetic };

/// A stretch of a shell line that is no shell text: a placeholder, or (`opaque`) something that is
/// put in as it is and counts as part of a word.
struct ShellSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool opaque = false;
};

/// One entry for each span of `line`, in order; what it says of opaque ones means nothing. Throws
/// JobError, located by `start`, where a placeholder may not stand.
std::vector<Quoting> quoting_in_shell(std::string_view line, const std::vector<ShellSpan>& spans,
                                      const Position& start);

}  // namespace procfarm::cli
