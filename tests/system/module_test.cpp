// SPDX-License-Identifier: MIT
// module_test.cpp - tasks of a library that the program loads itself.
#include <dlfcn.h>

#include <stdexcept>
#include <string>

#include "farm.hpp"

using namespace farm;

namespace {

/// Opens it, as a program opens its plugins.
void* open_module() {
  void* const handle = ::dlopen(PROCFARM_TEST_TASK_MODULE, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw std::runtime_error(::dlerror());
  return handle;
}

void open_module_in_worker() { open_module(); }

int triple_by(void* module, ProcessPoolExecutor& pool, int value) {
  const auto ask =
      reinterpret_cast<int (*)(ProcessPoolExecutor&, int)>(::dlsym(module, "triple_by"));
  REQUIRE(static_cast<bool>(ask));
  return ask(pool, value);
}

}  // namespace

TEST_CASE("tasks of a library that the initializer loads, before or after the program does") {
  ProcessPoolExecutor early({.max_workers = 1, .initializer = call<open_module_in_worker>()});
  CHECK(early.submit<doubled>(1).result() == 2);  // its worker is there
  void* const module = open_module();
  ProcessPoolExecutor late({.max_workers = 1, .initializer = call<open_module_in_worker>()});
  CHECK(triple_by(module, early, 7) == 21);
  CHECK(triple_by(module, late, 8) == 24);
  CHECK(::dlclose(module) == 0);
}

TEST_CASE("a library whose tasks are known stays where it is when it is closed") {
  void* const module = open_module();
  ProcessPoolExecutor pool({.max_workers = 1, .start_method = StartMethod::fork});
  CHECK(triple_by(module, pool, 1) == 3);
  CHECK(::dlclose(module) == 0);
  ProcessPoolExecutor other({.max_workers = 1, .start_method = StartMethod::fork});
  CHECK(other.submit<doubled>(2).result() == 4);
  void* const again = open_module();
  CHECK(triple_by(again, other, 3) == 9);
  CHECK(triple_by(again, pool, 4) == 12);
  CHECK(::dlclose(again) == 0);
}
