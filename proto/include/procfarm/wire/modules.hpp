// SPDX-License-Identifier: MIT
// modules.hpp - the tables of functions of this process, and how two processes agree on them.
// The coordinator numbers its modules; it names each to its workers by the build-id of its file
// and a digest of its table, and the worker looks up its own copy of each (FunctionTable).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <procfarm/function_id.hpp>

namespace procfarm::wire {

using detail::ModuleTable;
struct ModuleName;

/// A module as both sides recognise it. `path` is for texts only.
struct ModuleIdentity {
  std::string build_id;      // of the file; if it has none, made from its path
  std::uint64_t digest = 0;  // over the signatures in the table, in order
  std::string path{};

  bool operator==(const ModuleIdentity& other) const {
    return build_id == other.build_id && digest == other.digest;
  }
};

/// Makes `thunk` the library's own function number `index`. Before init() serves and before the
/// first executor; setting the same again is fine. One thread at a time.
void set_builtin(std::uint32_t index, Thunk thunk, const char* name);

/// How many modules have been entered (the library's own, number 0, not counted). Any thread.
std::size_t module_count();
/// What workers are told of modules `known` + 1, `known` + 2, ... as numbered here. Any thread.
std::vector<ModuleName> module_names(std::size_t known = 0);
/// Null if this process has no such module, or one with another table. Any thread.
const ModuleTable* find_module(const ModuleIdentity& identity);

/// The identity of the program itself; also for one that has entered no function. Any thread.
ModuleIdentity program_identity();
/// The build-id (hexadecimal) of the loaded file that contains `address`; empty if it has none.
std::string build_id_of(const void* address);

/// What the function is called in its module, parameter types included; "" if there is none.
std::string function_signature(FunctionId id);

/// The functions that a worker can call, by the coordinator's numbers. A value; one thread at a
/// time, `find` from any.
class FunctionTable {
 public:
  /// Only the library's own.
  FunctionTable();
  /// As numbered in this process: for workers that are forked from the coordinator, and tests.
  static FunctionTable local();

  /// Modules `first`, `first + 1`, ... are these from now on. Of one that this process does not
  /// have there is no function.
  void add(std::uint32_t first, const std::vector<ModuleName>& modules);
  /// Null if there is no such function; any id is safe.
  Thunk find(FunctionId id) const noexcept {
    if (id.module >= modules_.size() || id.index >= modules_[id.module].size()) return nullptr;
    return modules_[id.module][id.index];
  }

 private:
  void add(std::uint16_t number, const ModuleName& name);

  std::vector<std::vector<Thunk>> modules_;
};

}  // namespace procfarm::wire
