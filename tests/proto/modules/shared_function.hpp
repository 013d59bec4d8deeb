// SPDX-License-Identifier: MIT
// shared_function.hpp - an inline function that several libraries submit, each with an inline
// function of default visibility, as an executor's submit is: the dynamic linker takes one
// library's for both, and then table and index must be that library's, too.
#pragma once

#include <procfarm/function.hpp>

inline int shared_function(int x) { return x * 100; }

struct Place {
  const procfarm::detail::ModuleTable* table;
  std::uint32_t index;
};

__attribute__((noinline)) inline Place place_of_shared() {
  return {&procfarm::detail::module_table, procfarm::StaticCall<shared_function, int>::id().index};
}
