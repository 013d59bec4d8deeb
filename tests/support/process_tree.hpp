// SPDX-License-Identifier: MIT
// process_tree.hpp - what the kernel knows of our children: for finding leftovers and for telling
// where a hanging test stands.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace support {

/// The direct children of `pid`, zombies included; empty when it is gone.
std::vector<pid_t> children_of(pid_t pid);

/// `pid` and all below it, parents first.
std::vector<pid_t> tree_of(pid_t pid);

/// One line: pid, state and command line.
std::string describe_process(pid_t pid);

/// Prints where each thread of each process of our tree stands, by gdb where it is installed, else
/// by what /proc tells. Takes seconds.
void print_all_stacks();

}  // namespace support
