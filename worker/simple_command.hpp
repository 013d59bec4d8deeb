// SPDX-License-Identifier: MIT
// simple_command.hpp - shell lines that need no shell: a program and its arguments, plain or
// quoted. Executing them directly saves a start of /bin/sh, which costs about as much as that of a
// small program. Whatever is not certainly that (an expansion, an operator, a builtin) is left to
// the shell.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace procfarm::serving {

/// The words that a POSIX shell would execute for `line` with these as $1, $2, ...; nullopt if it
/// might do anything else. Whether the first is a program is not looked at.
std::optional<std::vector<std::string>> words_of_simple_command(
    std::string_view line, const std::vector<std::string>& parameters);

}  // namespace procfarm::serving
