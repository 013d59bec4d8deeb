// SPDX-License-Identifier: MIT
// show_export.hpp - `procfarm export`: a run as a file that other programs read.
#pragma once

#include "show_output.hpp"

namespace procfarm::cli {

/// Writes the run in `format` to standard output, or to the file `output`, which gets its name when
/// all is in it. Returns the exit code.
int show_export(const ShowOptions& options);

}  // namespace procfarm::cli
