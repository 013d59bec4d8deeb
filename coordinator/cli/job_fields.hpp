// SPDX-License-Identifier: MIT
// job_fields.hpp - the readers of those keys of a task that are more than one value: what it does,
// what it is repeated over, what it needs, when it is tried again, and where its streams lead.
#pragma once

#include <string_view>
#include <vector>

#include "job.hpp"
#include "job_node.hpp"

namespace procfarm::cli {

/// Each throws JobError at the place of the mistake.
void read_command(const Node& node, Action& action);
void read_function(const Node& node, Action& action);
void read_arguments(const Node& node, Action& action);
Foreach read_foreach(const Node& node);
/// Each may be null, but not both `axes` and `include`.
Matrix read_matrix(const Node* axes, const Node* include, const Node* exclude);
std::vector<Need> read_needs(const Node& node);
Retries read_retries(const Node& node);
std::vector<int> read_ok_exit(const Node& node);
std::vector<std::pair<std::string, Template>> read_env(const Node& node);
InputSource read_input(const Node& node);
OutputTarget read_output(const Node& node, std::string_view key);

}  // namespace procfarm::cli
