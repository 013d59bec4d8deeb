// SPDX-License-Identifier: MIT
// plugin.cpp - opens modules and calls through their C entries.
#include <procfarm/wire/plugin.hpp>

#include <dlfcn.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <map>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include <procfarm/wire/failure.hpp>

#include "elf_identity.hpp"
#include "module_file.hpp"

// The running program's own, if it exports anything. That this library refers to it is also what
// makes the linker export it from a program that is not linked with -rdynamic.
extern "C" [[gnu::weak]] const procfarm::abi::Exports* procfarm_module();

namespace procfarm {

namespace {

constexpr const char* entry_symbol = "procfarm_module";
using EntryFunction = const abi::Exports* (*)();

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
  throw ModuleError(fmt::format("{} {}", path.empty() ? "the program" : path, reason));
}

[[noreturn]] void refuse_empty(const std::string& path) {
  refuse(path, "exports no functions: use PROCFARM_EXPORT");
}

const abi::Exports* program_exports() {
  if (&procfarm_module == nullptr) return nullptr;
  const abi::Exports* const exports = procfarm_module();
  // A library that the program is linked with may be what answers.
  return elf_identity(exports).program ? exports : nullptr;
}

const abi::Exports* library_exports(const std::string& path) {
  // Without a slash dlopen would search for it somewhere else.
  const std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) refuse(path, fmt::format("cannot be loaded: {}", dlerror()));
  void* const symbol = dlsym(library, entry_symbol);
  if (symbol == nullptr) refuse_empty(path);
  const auto entry = reinterpret_cast<EntryFunction>(symbol);
  const abi::Exports* const exports = entry();
  // dlsym looks into the libraries that this one is linked with, too.
  if (elf_identity(exports).path != elf_identity(symbol).path) refuse_empty(path);
  return exports;
}

ModuleFunction readable(const abi::Function& entry) {
  ModuleFunction function{entry.name, entry.doc, {}, entry.result_type};
  for (std::uint32_t i = 0; i < entry.parameter_count; ++i) {
    function.parameters.push_back({entry.parameter_names[i], entry.parameter_types[i]});
  }
  return function;
}

/// What one call answered.
struct Answer {
  bool failed = false;
  std::string bytes;
};
void take_result(void* context, const char* bytes, std::size_t size) {
  static_cast<Answer*>(context)->bytes.assign(bytes, size);
}
void take_failure(void* context, const char* bytes, std::size_t size) {
  static_cast<Answer*>(context)->failed = true;
  take_result(context, bytes, size);
}

/// Each module is opened once per process. Tasks run on one thread, others may ask as well.
const wire::Plugin& open_module(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, wire::Plugin> modules;
  const std::lock_guard lock(mutex);
  auto found = modules.find(path);
  if (found == modules.end()) found = modules.emplace(path, wire::Plugin::load(path)).first;
  return found->second;
}

}  // namespace

namespace wire {

Plugin Plugin::load(const std::string& path) {
  const bool program = path.empty() || is_running_program(path);
  if (!program && module_kind(path) == ModuleKind::program) {
    refuse(path, "is another program: it cannot be loaded into this one");
  }
  const abi::Exports* const exports = program ? program_exports() : library_exports(path);
  if (exports == nullptr) refuse_empty(path);
  if (exports->abi_number != abi::number) {
    refuse(path, fmt::format("was built for module ABI {}, this is {}: build it anew",
                             exports->abi_number, abi::number));
  }
  if (exports->count == 0) refuse_empty(path);
  return Plugin(path, exports);
}

Plugin::Plugin(const std::string& path, const abi::Exports* exports)
    : path_(path), build_id_(elf_identity(exports).build_id) {
  for (const abi::Function* entry = exports->first; entry != nullptr; entry = entry->next) {
    for (const ModuleFunction& other : functions_) {
      if (other.name == entry->name) {
        refuse(path, fmt::format("exports two functions named '{}'", other.name));
      }
    }
    functions_.push_back(readable(*entry));
    entries_.push_back(entry);
  }
}

std::string Plugin::call(std::string_view name, const char* arguments, std::size_t size) const {
  for (const abi::Function* entry : entries_) {
    if (entry->name != name) continue;
    Answer answer;
    const abi::Sink sink{&answer, &take_result, &take_failure};
    entry->invoke(arguments, size, &sink);
    if (!answer.failed) return std::move(answer.bytes);
    std::rethrow_exception(rebuild(answer.bytes.data(), answer.bytes.size(), TaskRef{}));
  }
  std::string known;
  for (const ModuleFunction& function : functions_) {
    known += (known.empty() ? "" : ", ") + function.name;
  }
  refuse(path_, fmt::format("exports no function '{}'; it exports {}", name, known));
}

}  // namespace wire

std::string ModuleFunction::signature() const {
  std::string text;
  for (const ModuleParameter& parameter : parameters) {
    text += (text.empty() ? "" : ", ") + parameter.name + ": " + parameter.type;
  }
  return name + '(' + text + ") -> " + result;
}

ModuleDescription describe_module(const std::string& path) {
  const wire::Plugin& module = open_module(path);
  return {module.build_id(), module.functions()};
}

std::string call_module(const std::string& path, const std::string& name,
                        const std::string& arguments) {
  return open_module(path).call(name, arguments.data(), arguments.size());
}

}  // namespace procfarm
