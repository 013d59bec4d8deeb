// SPDX-License-Identifier: MIT
// checked_options.hpp - what numbers executors can be given.
#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>

#include <fmt/core.h>

namespace procfarm {

/// Throws std::invalid_argument for 0 and less.
inline void check_positive(std::optional<int> value, const char* name) {
  if (value && *value <= 0) {
    throw std::invalid_argument(fmt::format("{} must be greater than 0", name));
  }
}

/// Throws std::invalid_argument for more.
inline void check_at_most(std::optional<int> value, int most, const char* name) {
  if (value && *value > most) {
    throw std::invalid_argument(fmt::format("{} must be at most {}", name, most));
  }
}

/// Throws std::invalid_argument for 0.
inline void check_limit(std::optional<std::size_t> limit, const char* name) {
  if (limit == std::size_t{0}) {
    throw std::invalid_argument(fmt::format("{} must be greater than 0", name));
  }
}

}  // namespace procfarm
