// SPDX-License-Identifier: MIT
// json_node.hpp - parses one line of JSON into a node whose values know their columns.
#pragma once

#include <string>
#include <string_view>

#include "job_node.hpp"

namespace procfarm::cli {

/// Parses `text`, which begins at `start`. Throws JobError at the place of a syntax error, a key
/// that is there twice, or too deep nesting.
Node parse_json_node(std::string_view text, const Position& start);

}  // namespace procfarm::cli
