// SPDX-License-Identifier: MIT
// show_runs.hpp - `procfarm runs`: the runs there are.
#pragma once

#include "show_output.hpp"

namespace procfarm::cli {

/// A table, newest first; with `json` one line for each. A run that cannot be read is listed with
/// the reason. Returns the exit code.
int show_runs(const ShowOptions& options);

}  // namespace procfarm::cli
