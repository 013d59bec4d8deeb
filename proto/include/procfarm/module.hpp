// SPDX-License-Identifier: MIT
// module.hpp - modules whose functions are called by name: shared libraries and programs that
// contain PROCFARM_EXPORT. describe_module and call_module are ordinary functions, meant to be
// submitted: a library's static initialisers then run in a worker and not here.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <procfarm/codec.hpp>

namespace procfarm {

/// A module that cannot be used, with its path and the reason.
class ModuleError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One parameter of an exported function.
struct ModuleParameter {
  std::string name;  // as PROCFARM_EXPORT names it
  std::string type;  // as type_text.hpp spells it: uint64, list<string>, Digest
  MSGPACK_DEFINE(name, type)
};

/// One exported function.
struct ModuleFunction {
  std::string name;                         // by which job files call it
  std::string doc;                          // one line; may be empty
  std::vector<ModuleParameter> parameters;  // in their order
  std::string result;                       // "void" for none
  MSGPACK_DEFINE(name, doc, parameters, result)

  /// "count_primes(lo: uint64, hi: uint64) -> uint64"
  std::string signature() const;
};

/// What a module exports.
struct ModuleDescription {
  std::string build_id;                   // hexadecimal; empty if the file has none
  std::vector<ModuleFunction> functions;  // in the order of their PROCFARM_EXPORT
  MSGPACK_DEFINE(build_id, functions)
};

/// A shared library, or a program that calls init().
enum class ModuleKind { library, program };

/// What kind of file `path` is, without loading it. Throws ModuleError: missing, no regular file,
/// not ELF, writable for everyone (or its directory is). Any thread.
ModuleKind module_kind(const std::string& path);

/// Loads the module and lists its functions; "" is the running program. Throws ModuleError.
ModuleDescription describe_module(const std::string& path);

/// Calls function `name` of the module with `arguments`, a msgpack array; returns its result,
/// encoded. Throws ModuleError, and what the function throws.
std::string call_module(const std::string& path, const std::string& name,
                        const std::string& arguments);

/// An encoded value with every block of numbers (codec/scalars.hpp) as a plain msgpack array, for
/// readers that know only msgpack. Throws CodecError.
std::string without_blocks(std::string_view encoded);

}  // namespace procfarm
