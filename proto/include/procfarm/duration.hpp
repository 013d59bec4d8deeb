// SPDX-License-Identifier: MIT
// duration.hpp - the two time types of the public surface.
#pragma once

#include <chrono>

namespace procfarm {

/// Lengths of time: limits, delays, times used.
using Duration = std::chrono::nanoseconds;
/// Points in time, of the system's clock.
using TimePoint = std::chrono::system_clock::time_point;

}  // namespace procfarm
