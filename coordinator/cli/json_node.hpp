// SPDX-License-Identifier: MIT
// json_node.hpp - parses one line of JSON into a node whose values know their columns.
#pragma once

#include <string>
#include <string_view>

#include "job_node.hpp"

namespace procfarm::cli {

/// Parses `text`, which begins at `start`. Throws JobError at the place of a syntax error, a key
/// that is there twice, an integer that is too large, or too deep nesting.
Node parse_json_node(std::string_view text, const Position& start);

/// False for an integer that does not fit into 64 bits: as a floating point number it would have
/// other digits.
bool is_exact_number(std::string_view number);
/// What is said of it.
std::string too_large_message(std::string_view number);

}  // namespace procfarm::cli
