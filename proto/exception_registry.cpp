// SPDX-License-Identifier: MIT
// exception_registry.cpp - a list of entries that live in the templates which made them. A global,
// like the function tables, because static initialisers fill it.
#include "exception_registry.hpp"

#include <atomic>
#include <mutex>
#include <stdexcept>

#include <procfarm/wire/failure.hpp>

namespace procfarm {

namespace {

constinit std::mutex registry_mutex;
constinit detail::RegisteredException* first_entry = nullptr;
constinit bool frozen = false;

template <class Matches>
detail::RegisteredException* find_entry(Matches matches) {
  const std::lock_guard lock(registry_mutex);
  for (auto* entry = first_entry; entry != nullptr; entry = entry->next) {
    if (matches(*entry)) return entry;
  }
  return nullptr;
}

}  // namespace

namespace detail {

void enter_exception(RegisteredException& entry) {
  const std::lock_guard lock(registry_mutex);
  if (frozen) {
    throw std::logic_error("register_exception " + entry.name +
                           ": too late, workers would not know it. Call it before "
                           "procfarm::init(argc, argv) or at namespace scope");
  }
  for (const auto* other = first_entry; other != nullptr; other = other->next) {
    if (*other->type == *entry.type && other->name == entry.name) return;
    if (other->name == entry.name || *other->type == *entry.type) {
      throw std::logic_error("register_exception " + entry.name + ": " +
                             demangle(other->type->name()) + " is already registered as " +
                             other->name);
    }
  }
  entry.next = first_entry;
  first_entry = &entry;
}

}  // namespace detail

const detail::RegisteredException* find_exception_by_type(const std::string& type_name) {
  return find_entry([&](const detail::RegisteredException& entry) {
    return detail::demangle(entry.type->name()) == type_name;
  });
}

const detail::RegisteredException* find_exception_by_name(std::string_view name) {
  return find_entry([&](const detail::RegisteredException& entry) { return entry.name == name; });
}

void wire::freeze_exceptions() {
  const std::lock_guard lock(registry_mutex);
  frozen = true;
}

}  // namespace procfarm
