// SPDX-License-Identifier: MIT
// preload.hpp - preload: the one function that runs in the supervisor, before any worker.
#pragma once

#include <string>

#include <procfarm/wire/control.hpp>

namespace procfarm::serving {

/// Runs it, if there is one. Returns what is wrong: its exception, or that it has left threads
/// behind (a process with threads must not fork workers). Empty: all is well.
std::string run_preload(const wire::SupervisorConfig& config);

}  // namespace procfarm::serving
