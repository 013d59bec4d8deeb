// SPDX-License-Identifier: MIT
// backoff.hpp - delays that grow with each failure.
#pragma once

#include <algorithm>
#include <cmath>

#include <procfarm/duration.hpp>

namespace procfarm {

/// initial * factor^steps, at most `most`.
inline Duration grown(Duration initial, double factor, int steps, Duration most) {
  if (initial <= Duration::zero()) return Duration::zero();  // zero times infinity is no number
  const double wanted = static_cast<double>(initial.count()) * std::pow(factor, steps);
  if (!(wanted < static_cast<double>(most.count()))) return most;
  return Duration{static_cast<Duration::rep>(std::max(wanted, 0.0))};
}

}  // namespace procfarm
