// SPDX-License-Identifier: MIT
// function_id.hpp - how a function is named on the wire: by its place in the table of its module.
// A module is a program or shared library; each has a table of its own, which the static
// initialisers of function.hpp's templates fill, so the same build has the same table in every
// process. No code address is ever sent, and only what stands in a table can be called.
#pragma once

#include <cstdint>

#include <procfarm/codec/reader.hpp>
#include <procfarm/codec/writer.hpp>

namespace procfarm {

/// Module 0 is the library's own; others are numbered by the process that sends.
struct FunctionId {
  std::uint16_t module = 0;  // in the numbering of the sender
  std::uint32_t index = 0;   // in its module's table

  /// Both in one number.
  constexpr std::uint64_t packed() const { return std::uint64_t{module} << 32 | index; }
  /// The inverse of packed().
  static constexpr FunctionId unpacked(std::uint64_t bits) {
    return {static_cast<std::uint16_t>(bits >> 32), static_cast<std::uint32_t>(bits)};
  }
  bool operator==(const FunctionId&) const = default;  // the same function
};

/// Where a call is; what it throws is judged by that.
enum class Stage : std::uint8_t { decode_arguments, run, encode_result };

/// One call as a thunk sees it. When it throws, `stage` says where, and `result` may hold a part.
struct CallFrame {
  Reader arguments;                       // one array
  Writer& result;                         // takes the encoded result
  Stage stage = Stage::decode_arguments;  // how far the call is
  /// Called when `result` is complete, while the value it was made from still lives: a destructor
  /// that ends the process takes nothing with it then. May be null; may throw.
  void (*encoded)(void* context) = nullptr;
  void* context = nullptr;  // of `encoded`
};

/// Decodes the arguments, calls, encodes the result (nil for void). Throws what any of these
/// throws.
using Thunk = void (*)(CallFrame&);

namespace detail {

/// A line of a table.
struct FunctionEntry {
  Thunk thunk = nullptr;
  const char* signature = "";
  FunctionEntry* next = nullptr;
};

/// The functions of one module, in the order of their entering.
struct ModuleTable {
  std::uint16_t number = 0;
  std::uint32_t count = 0;
  FunctionEntry* first = nullptr;
  FunctionEntry* last = nullptr;
  ModuleTable* next = nullptr;
};

/// Of the module this is compiled into. Hidden, or the dynamic linker would give several modules
/// one table, and indices would shift.
[[gnu::visibility("hidden")]] inline constinit ModuleTable module_table;

/// Appends `entry` and returns its index. With the first, the table gets its number and its library
/// stays loaded for good: dlclose() leaves it where it is. Any thread.
std::uint32_t enter_function(ModuleTable& table, FunctionEntry& entry);

}  // namespace detail
}  // namespace procfarm
