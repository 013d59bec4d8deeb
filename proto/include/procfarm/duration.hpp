// SPDX-License-Identifier: MIT
// duration.hpp - the two time types of the public surface.
#pragma once

#include <chrono>

namespace procfarm {

/// Lengths of time: limits, delays, times used.
using Duration = std::chrono::nanoseconds;
/// Points in time, of the system's clock.
using TimePoint = std::chrono::system_clock::time_point;

namespace detail {

/// Lengths that would overflow end at the last point in time, negative ones now.
inline std::chrono::steady_clock::time_point from_now(Duration duration) {
  using Point = std::chrono::steady_clock::time_point;
  const Point now = std::chrono::steady_clock::now();
  if (duration < Duration::zero()) return now;
  return duration < Point::max() - now ? now + duration : Point::max();
}

}  // namespace detail

}  // namespace procfarm
