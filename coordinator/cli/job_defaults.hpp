// SPDX-License-Identifier: MIT
// job_defaults.hpp - [defaults]: what a task gets that does not say it itself.
#pragma once

#include "job_node.hpp"

namespace procfarm::cli {

/// The table of a task with the defaults merged in; `env` is merged variable by variable. Null: no
/// defaults.
Node with_defaults(const Node& task, const Node* defaults);

}  // namespace procfarm::cli
