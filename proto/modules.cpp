// SPDX-License-Identifier: MIT
// modules.cpp - the list of all function tables of this process. Tables and list are globals
// because static initialisers fill them, before main or while a library is loaded; they need no
// destructor.
#include <procfarm/wire/control.hpp>
#include <procfarm/wire/modules.hpp>

#include <pthread.h>

#include <array>
#include <cassert>
#include <mutex>
#include <string_view>

#include "elf_identity.hpp"

namespace procfarm {

namespace {

constexpr std::size_t builtin_limit = 16;

constinit std::mutex modules_mutex;
constinit detail::ModuleTable* first_module = nullptr;
constinit detail::ModuleTable* last_module = nullptr;
constinit std::uint16_t modules_entered = 0;

/// Who forks has the mutex, so that no thread that the fork leaves behind has it in the copy: a
/// supervisor by StartMethod::fork needs it.
[[maybe_unused]] const int held_at_forks = ::pthread_atfork(
    [] { modules_mutex.lock(); }, [] { modules_mutex.unlock(); }, [] { modules_mutex.unlock(); });

struct Builtin {
  Thunk thunk = nullptr;
  const char* name = "";
};
constinit std::array<Builtin, builtin_limit> builtins;

/// FNV-1a over the signatures, so that both sides see the same functions in the same places.
std::uint64_t digest_of(const detail::ModuleTable& table) {
  std::uint64_t hash = 14695981039346656037ULL ^ table.count;
  for (const auto* entry = table.first; entry != nullptr; entry = entry->next) {
    // The terminating 0 counts: it separates one signature from the next.
    for (const char* at = entry->signature;; ++at) {
      hash = (hash ^ static_cast<unsigned char>(*at)) * 1099511628211ULL;
      if (*at == 0) break;
    }
  }
  return hash;
}

wire::ModuleIdentity identity_of(const void* address, std::uint64_t digest) {
  ElfIdentity file = elf_identity(address);
  if (file.build_id.empty()) file.build_id = "path:" + file.path;
  return {std::move(file.build_id), digest, std::move(file.path)};
}

std::vector<Thunk> thunks_of(const detail::ModuleTable& table) {
  std::vector<Thunk> thunks;
  thunks.reserve(table.count);
  for (const auto* entry = table.first; entry != nullptr; entry = entry->next) {
    thunks.push_back(entry->thunk);
  }
  return thunks;
}

std::vector<Thunk> builtin_thunks() {
  std::vector<Thunk> thunks;
  for (const Builtin& builtin : builtins) thunks.push_back(builtin.thunk);
  return thunks;
}

}  // namespace

std::uint32_t detail::enter_function(ModuleTable& table, FunctionEntry& entry) {
  std::unique_lock lock(modules_mutex);
  const bool new_module = table.number == 0;
  if (new_module) {
    table.number = ++modules_entered;
    (last_module == nullptr ? first_module : last_module->next) = &table;
    last_module = &table;
  }
  (table.last == nullptr ? table.first : table.last->next) = &entry;
  table.last = &entry;
  const std::uint32_t index = table.count++;
  lock.unlock();
  if (new_module) keep_loaded(&table);  // the list has it, and workers know it by its number
  return index;
}

namespace wire {

void set_builtin(std::uint32_t index, Thunk thunk, const char* name) {
  assert(index < builtin_limit);
  const std::lock_guard lock(modules_mutex);
  builtins[index] = {thunk, name};
}

std::size_t module_count() {
  const std::lock_guard lock(modules_mutex);
  return modules_entered;
}

std::vector<ModuleName> module_names(std::size_t known) {
  const std::lock_guard lock(modules_mutex);
  std::vector<ModuleName> names;
  for (const auto* table = first_module; table != nullptr; table = table->next) {
    if (known > 0) {
      --known;
      continue;
    }
    const ModuleIdentity identity = identity_of(table, digest_of(*table));
    names.push_back({identity.build_id, identity.digest});
  }
  return names;
}

const ModuleTable* find_module(const ModuleIdentity& identity) {
  const std::lock_guard lock(modules_mutex);
  for (const auto* table = first_module; table != nullptr; table = table->next) {
    if (digest_of(*table) != identity.digest) continue;
    if (identity_of(table, identity.digest) == identity) return table;
  }
  return nullptr;
}

ModuleIdentity program_identity() {
  ElfIdentity file = program_elf_identity();
  if (file.build_id.empty()) file.build_id = "path:" + file.path;
  return {std::move(file.build_id), 0, std::move(file.path)};
}

std::string build_id_of(const void* address) { return elf_identity(address).build_id; }

std::string function_signature(FunctionId id) {
  const std::lock_guard lock(modules_mutex);
  if (id.module == 0) return id.index < builtin_limit ? builtins[id.index].name : "";
  const auto* table = first_module;
  while (table != nullptr && table->number != id.module) table = table->next;
  if (table == nullptr || id.index >= table->count) return "";
  const auto* entry = table->first;
  for (std::uint32_t i = 0; i < id.index; ++i) entry = entry->next;
  return entry->signature;
}

FunctionTable::FunctionTable() {
  const std::lock_guard lock(modules_mutex);
  modules_.push_back(builtin_thunks());
}

FunctionTable FunctionTable::local() {
  FunctionTable functions;
  const std::lock_guard lock(modules_mutex);
  for (const auto* table = first_module; table != nullptr; table = table->next) {
    functions.modules_.push_back(thunks_of(*table));
  }
  return functions;
}

void FunctionTable::add(std::uint32_t first, const std::vector<ModuleName>& modules) {
  auto number = static_cast<std::uint16_t>(first);
  for (const ModuleName& name : modules) add(number++, name);
}

void FunctionTable::add(std::uint16_t number, const ModuleName& name) {
  const ModuleTable* const table = find_module({name.build_id, name.digest});
  if (table == nullptr || number == 0) return;
  if (modules_.size() <= number) modules_.resize(number + std::size_t{1});
  const std::lock_guard lock(modules_mutex);
  modules_[number] = thunks_of(*table);
}

}  // namespace wire
}  // namespace procfarm
