// SPDX-License-Identifier: MIT
// identity_test.cpp - two libraries that share inline functions keep tables of their own.
#include <dlfcn.h>

#include <string>

#include <doctest/doctest.h>

#include "proto/module_paths.hpp"
#include "proto/modules/shared_function.hpp"

using namespace procfarm;

namespace {

struct Library {
  Place own;
  Place shared;
};

/// In global scope, so that the dynamic linker merges whatever it may.
Library open_library(const char* path) {
  void* const handle = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  INFO(path);
  REQUIRE(handle != nullptr);
  const auto ask = [&](const char* name) {
    const auto find = reinterpret_cast<void (*)(Place*)>(dlsym(handle, name));
    REQUIRE(static_cast<bool>(find));
    Place place{};
    find(&place);
    return place;
  };
  return {ask("find_own"), ask("find_shared")};
}

/// What the function at `place` answers to 10.
int answer(const Place& place) {
  REQUIRE(place.index < place.table->count);
  const detail::FunctionEntry* entry = place.table->first;
  for (std::uint32_t i = 0; i < place.index; ++i) entry = entry->next;
  Writer result;
  CallFrame frame{Reader("\x91\x0a", 2), result};
  entry->thunk(frame);
  return Reader(result.bytes()).integer<int>();
}

}  // namespace

TEST_CASE("inline functions that two libraries share do not mix up their indices") {
  const Library first = open_library(test_modules::identity_first);
  const Library second = open_library(test_modules::identity_second);
  CHECK(first.own.table != second.own.table);
  CHECK(first.own.table->count == 2);
  CHECK(second.own.table->count == 3);
  CHECK(answer(first.own) == 11);
  CHECK(answer(second.own) == 12);
  CHECK(answer(first.shared) == 1000);
  CHECK(answer(second.shared) == 1000);
}
