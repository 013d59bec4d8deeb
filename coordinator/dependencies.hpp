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

/// Throws InvalidStateError for a future that belongs to no task.
void check_all(const std::vector<AnyFuture>& futures);

/// Calls `decided` once: with nullopt when all have succeeded, with the error when the first has
/// failed or was cancelled. At once in this thread, or later in whichever thread settles them.
void watch_all(const std::vector<AnyFuture>& futures,
               std::function<void(std::optional<ErrorRecord>)> decided);

}  // namespace procfarm
