// SPDX-License-Identifier: MIT
// export_abi.hpp - what a module shows to the tool: plain C structures behind the one exported
// symbol procfarm_module, so that a plugin works with any build of the tool that knows its number.
// Any change here needs a new number.
#pragma once

#include <cstddef>
#include <cstdint>

namespace procfarm::abi {

inline constexpr std::uint32_t number = 1;

/// Takes the answer of one call: exactly one of both functions is called, once. The bytes are valid
/// during that call. A failure is encoded as detail/failure.hpp says.
struct Sink {
  void* context;
  void (*result)(void* context, const char* bytes, std::size_t size);
  void (*failure)(void* context, const char* bytes, std::size_t size);
};

/// One function; all texts live as long as the module.
struct Function {
  const char* name;
  const char* doc;
  std::uint32_t parameter_count;
  const char* const* parameter_names;
  const char* const* parameter_types;
  const char* result_type;  // "void" for none; then the result is nil
  /// `arguments` is one msgpack array of exactly the parameters. Throws nothing.
  void (*invoke)(const char* arguments, std::size_t size, const Sink* sink);
  const Function* next;
};

/// Of one module. `abi_number` stays the first member for ever.
struct Exports {
  std::uint32_t abi_number;
  std::uint32_t count;
  const Function* first;
};

}  // namespace procfarm::abi
