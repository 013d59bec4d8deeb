// SPDX-License-Identifier: MIT
// show_results.hpp - `procfarm results`: what functions returned.
#pragma once

#include "show_output.hpp"

namespace procfarm::cli {

/// One line for each result, in the order of task and index: text, or JSON Lines
/// `{"task":"digest","index":0,"result":...}`, or CSV with a header line. Returns the exit code.
int show_results(const ShowOptions& options);

}  // namespace procfarm::cli
