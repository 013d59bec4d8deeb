// SPDX-License-Identifier: MIT
// module_file.hpp - looks at a module's file before anything of it is loaded.
#pragma once

#include <string>

#include <procfarm/module.hpp>

namespace procfarm {

/// True if `path` is the file of the running program. Any thread.
bool is_running_program(const std::string& path);

}  // namespace procfarm
