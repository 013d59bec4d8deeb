// SPDX-License-Identifier: MIT
// exported.hpp - calls functions of modules by name and tells what they printed: what a job file's
// function tasks are made of. Modules and their descriptions: module.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <procfarm/call.hpp>
#include <procfarm/codec.hpp>
#include <procfarm/command.hpp>
#include <procfarm/module.hpp>

namespace procfarm {

/// One call by name.
struct ExportCall {
  std::string module{};     // path of a shared library; "": the program that the worker executes
  std::string function{};   // its name there
  std::string arguments{};  // a msgpack array
  std::string cwd{};        // the worker's during the call; "": as it is
  std::map<std::string, std::string> env{};  // set during the call
  bool env_clear = false;                    // nothing else is in the environment then
  std::string stdin_text{};                  // what it reads as its standard input:
  std::string stdin_file{};                  // neither: the worker's own, /dev/null
  std::uint64_t memory = 0;  // limit of the worker with all below it, resident bytes; 0: none
  std::string build_id{};    // the module's when it was described; another is refused. "": any
  MSGPACK_DEFINE(module, function, arguments, cwd, env, env_clear, stdin_text, stdin_file, memory,
                 build_id)
};

/// With this a worker leaves whose call has exceeded its `memory`.
inline constexpr int memory_exit_code = 137;

/// What came of it. A function that throws is a result here, so that its output is not lost.
struct ExportResult {
  bool failed = false;                // it has thrown
  std::string value{};                // the encoded result; nil for void and when it failed
  std::string error_type{};           // failed: the type of what was thrown
  std::string error_message{};        // and its text
  std::vector<std::string> causes{};  // "type: message" of what was nested in it, outermost first
  std::string out{};  // what was printed during the call, where the worker's standard
  std::string err{};  // output and error are captured and not forwarded; else empty
  MSGPACK_DEFINE(failed, value, error_type, error_message, causes, out, err)
};

/// Opens the module (once per process) and calls the function. Throws nothing but std::bad_alloc.
/// What was printed is taken out of the captured output, so that after a crash only the output of
/// the task that crashed is left in there. One thread at a time.
ExportResult call_exported(const ExportCall& call);

/// The same functions by the numbers that they have in every program: for workers that execute
/// another program than this one.
Call builtin_call(const ExportCall& call);
Call builtin_call(const Command& command);
/// describe_module(path) there.
Call builtin_describe(const std::string& path);

}  // namespace procfarm
