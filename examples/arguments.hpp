// SPDX-License-Identifier: MIT
// arguments.hpp - `--name value` pairs, for example programs that need no more and no library.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace arguments {

/// What follows `--name`, else `otherwise`. Throws std::invalid_argument for what is no pair with
/// one of `known`.
inline std::string text(int argc, char** argv, const std::vector<std::string_view>& known,
                        std::string_view name, std::string_view otherwise) {
  std::string found(otherwise);
  for (int i = 1; i < argc; i += 2) {
    const std::string_view each = argv[i];
    const bool is_known = std::find(known.begin(), known.end(), each) != known.end();
    if (!is_known || i + 1 == argc) {
      throw std::invalid_argument("unknown, or without a value: " + std::string(each));
    }
    if (each == name) found = argv[i + 1];
  }
  return found;
}

}  // namespace arguments
