// SPDX-License-Identifier: MIT
// thread_trial.hpp - whether threads can be had, asked before something that aborts the program if
// they cannot.
#pragma once

namespace procfarm {

/// Starts that many threads at once and ends them again. On return the kernel counts them no more
/// (pids.max, RLIMIT_NPROC), so as many can be started now, unless others are quicker. Throws
/// std::system_error where one was refused.
void try_threads(int count);

}  // namespace procfarm
