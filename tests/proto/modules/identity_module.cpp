// SPDX-License-Identifier: MIT
// identity_module.cpp - built twice, as two libraries that share an inline function and each have
// functions of their own in another order. Brings its own enter_function: what is tested is what
// the templates leave in each library.
#include <procfarm/function.hpp>

#include "proto/modules/shared_function.hpp"

std::uint32_t procfarm::detail::enter_function(ModuleTable& table, FunctionEntry& entry) {
  (table.last == nullptr ? table.first : table.last->next) = &entry;
  table.last = &entry;
  return table.count++;
}

#ifdef SECOND
inline int before(int x) { return x + 100; }
const procfarm::FunctionId entered_before = procfarm::StaticCall<before, int>::id();
#endif

namespace {

// A different function in each library, under one name.
int own(int x) {
#ifdef SECOND
  return x + 2;
#else
  return x + 1;
#endif
}

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED void find_own(Place* place) {
  *place = {&procfarm::detail::module_table, procfarm::StaticCall<own, int>::id().index};
}
EXPORTED void find_shared(Place* place) { *place = place_of_shared(); }
