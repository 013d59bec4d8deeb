// SPDX-License-Identifier: MIT
// checked_options.hpp - what executors can be given.
#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include <fmt/core.h>

namespace procfarm {

/// Throws std::invalid_argument for 0 and less, and for more than `most`.
inline void check_positive(std::optional<int> value, const char* name,
                           int most = std::numeric_limits<int>::max()) {
  if (value && *value <= 0) {
    throw std::invalid_argument(fmt::format("{} must be greater than 0", name));
  }
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

/// Throws std::invalid_argument for what setenv() would refuse or cut short.
inline void check_environment(const std::map<std::string, std::string>& variables) {
  for (const auto& [name, value] : variables) {
    const bool named = !name.empty() && name.find('=') == name.npos && name.find('\0') == name.npos;
    if (!named || value.find('\0') != value.npos) {
      throw std::invalid_argument(fmt::format("'{}' cannot be an environment variable", name));
    }
  }
}

}  // namespace procfarm
