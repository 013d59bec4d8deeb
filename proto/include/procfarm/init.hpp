// SPDX-License-Identifier: MIT
// init.hpp - the one line that a program with worker processes needs.
#pragma once

namespace procfarm {

/// First line of main. In a process that an executor has started as its supervisor or worker it
/// serves and does not return; anywhere else it returns at once. An executor built in a program
/// that has not called it throws std::logic_error (except with StartMethod::fork).
void init(int argc, char** argv);

}  // namespace procfarm
