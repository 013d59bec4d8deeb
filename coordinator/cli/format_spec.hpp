// SPDX-License-Identifier: MIT
// format_spec.hpp - the part of a placeholder behind its colon, which fmt understands:
// {{index:06d}}.
#pragma once

#include <string>
#include <string_view>

#include "value.hpp"

namespace procfarm::cli {

/// What is wrong with the format, whatever the value: empty if some value could have it.
std::string problem_of_format(std::string_view spec);

/// The value in that format. An integer may have a float's format. Throws std::invalid_argument if
/// the format does not fit the type of the value.
std::string format_value(const Value& value, std::string_view spec);

}  // namespace procfarm::cli
