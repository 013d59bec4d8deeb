// SPDX-License-Identifier: MIT
// dependencies.hpp - waiting for the futures of TaskOptions::after, whichever executors they belong
// to.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <procfarm/any_future.hpp>

#include "error_record.hpp"

namespace procfarm {

struct SharedOptions;

/// Throws InvalidStateError for a future that belongs to no task.
void check_all(const std::vector<AnyFuture>& futures);

/// Blocks until all are done; the error if one has failed or was cancelled.
std::optional<ErrorRecord> wait_all(const std::vector<AnyFuture>& futures);

/// Waits for the futures in `options.after()` without blocking. Calls `decided` once: with nullopt
/// when all have succeeded, with the error when the first has failed or was cancelled. At once in
/// this thread, or later in whichever thread settles them; never within another call of a
/// `decided`, however long a chain of tasks fails.
void watch_all(const SharedOptions& options,
               std::function<void(std::optional<ErrorRecord>)> decided);

}  // namespace procfarm
