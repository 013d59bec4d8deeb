// SPDX-License-Identifier: MIT
// show_status.hpp - `procfarm status`: how a run stands or how it ended, on one screen.
#pragma once

#include "show_output.hpp"

namespace procfarm::cli {

/// Totals per task, what runs now, what failed with the end of its stderr; with `json` one object.
/// Returns the exit code.
int show_status(const ShowOptions& options);

}  // namespace procfarm::cli
