// SPDX-License-Identifier: MIT
// worker.hpp - one worker process: its main thread runs tasks one after the other, its other thread
// is the Watch. A result is in the seat's ring before the next task begins, so whatever happens
// to the process, exactly the begun and unfinished task is lost.
#pragma once

#include "worker_start.hpp"

namespace procfarm::serving {

/// Makes this process the worker of `seat` and never returns.
[[noreturn]] void serve_worker(WorkerSeat seat) noexcept;

}  // namespace procfarm::serving
