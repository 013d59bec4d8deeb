// SPDX-License-Identifier: MIT
// show_logs.hpp - `procfarm logs`: what instances printed and how they ended.
#pragma once

#include "show_output.hpp"

namespace procfarm::cli {

/// Standard output and error of the selected instances' attempts, control bytes escaped. With `raw`
/// the bytes as they were: output to `out`, errors to `err`, no headings. Returns the exit code.
int show_logs(const ShowOptions& options);

}  // namespace procfarm::cli
