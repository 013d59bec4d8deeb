// SPDX-License-Identifier: MIT
// builtin.hpp - the numbers of the library's own functions (module 0). They are the same in every
// program, so a coordinator can call them in workers that execute another program than its own.
#pragma once

#include <cstdint>

#include <procfarm/function_id.hpp>

namespace procfarm::wire {

inline constexpr FunctionId builtin_run_command{0, 0};      // CommandResult(Command)
inline constexpr FunctionId builtin_call_exported{0, 1};    // ExportResult(ExportCall)
inline constexpr FunctionId builtin_describe_module{0, 2};  // ModuleDescription(std::string)

}  // namespace procfarm::wire
