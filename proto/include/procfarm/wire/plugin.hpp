// SPDX-License-Identifier: MIT
// plugin.hpp - the reading side of PROCFARM_EXPORT: opens a module and calls its functions by name.
// For processes that run tasks: opening a library runs its static initialisers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <procfarm/export_abi.hpp>
#include <procfarm/module.hpp>

namespace procfarm::wire {

/// An open module; it stays open as long as the process lives. A value, one thread at a time.
class Plugin {
 public:
  /// Opens the shared library at `path`; "" or the path of the running program is the program
  /// itself. Throws ModuleError.
  static Plugin load(const std::string& path);

  /// In the order of their export.
  const std::vector<ModuleFunction>& functions() const { return functions_; }
  const std::string& build_id() const { return build_id_; }

  /// Calls a function with a msgpack array of its arguments; returns its encoded result. Throws
  /// ModuleError if there is no such function, and what the function threw.
  std::string call(std::string_view name, const char* arguments, std::size_t size) const;

 private:
  Plugin(const std::string& path, const abi::Exports* exports);

  std::string path_;
  std::string build_id_;
  std::vector<ModuleFunction> functions_;
  std::vector<const abi::Function*> entries_;  // the same, in the same order
};

}  // namespace procfarm::wire
