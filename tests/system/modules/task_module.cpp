// SPDX-License-Identifier: MIT
// task_module.cpp - a library with a task of its own, which it submits itself.
#include <procfarm/process_pool_executor.hpp>

namespace {

int tripled(int value) { return 3 * value; }

}  // namespace

extern "C" __attribute__((visibility("default"))) int triple_by(procfarm::ProcessPoolExecutor& pool,
                                                                int value) {
  return pool.submit<tripled>(value).result();
}
