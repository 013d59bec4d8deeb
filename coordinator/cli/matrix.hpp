// SPDX-License-Identifier: MIT
// matrix.hpp - the cross product of a task's matrix, with include and exclude as GitHub Actions
// understands them. Pure; the same input gives the same combinations in the same order.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "value.hpp"

namespace procfarm::cli {

/// Every combination as an object, ready for values_source(); the last axis varies fastest.
/// `axes`: an object of lists. `exclude`: objects; a combination that agrees with all members of
/// one is dropped. `include`: objects; one that contradicts no axis value of some combinations
/// extends those, any other is a combination of its own. Throws std::invalid_argument if an axis is
/// no list or empty, an exclude names no axis, or there are more than ten million combinations.
std::vector<Value> expand_matrix(const Value& axes, const std::vector<Value>& include = {},
                                 const std::vector<Value>& exclude = {});

}  // namespace procfarm::cli
