// SPDX-License-Identifier: MIT
// machine_facts.hpp - looks at this machine for `doctor`. Leaves nothing behind.
#pragma once

#include <string>

#include "doctor.hpp"

namespace procfarm::cli {

/// With so many jobs at a time, and `.procfarm` in `directory`.
MachineFacts machine_facts(int jobs, const std::string& directory);

}  // namespace procfarm::cli
