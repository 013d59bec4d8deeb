// SPDX-License-Identifier: MIT
// preload.cpp - see preload.hpp.
#include "preload.hpp"

#include <dirent.h>

#include <procfarm/wire/failure.hpp>
#include <procfarm/wire/modules.hpp>

#include "clean_start.hpp"
#include "invoke.hpp"

namespace procfarm::serving {

namespace {

int count_threads() {
  int count = 0;
  if (DIR* const directory = ::opendir("/proc/self/task")) {
    while (const dirent* entry = ::readdir(directory)) count += entry->d_name[0] != '.';
    ::closedir(directory);
  }
  return count;
}

wire::FunctionTable table_of(const wire::SupervisorConfig& config) {
  wire::FunctionTable functions;
  functions.add(1, config.modules);
  return functions;
}

}  // namespace

std::string run_preload(const wire::SupervisorConfig& config) {
  if (!config.preload_set) return {};
  const int threads = count_threads();
  Invoker invoker;
  const Answer answer = invoker.invoke(
      table_of(config), FunctionId::unpacked(config.preload_function), config.preload_arguments);
  flush_output();
  if (answer.kind != wire::ResultKind::value) {
    return "preload failed: " +
           wire::summary(wire::decode_failure(answer.bytes.data(), answer.bytes.size()));
  }
  const int left = count_threads() - threads;
  if (left > 0) return "preload left threads behind: " + std::to_string(left);
  return {};
}

}  // namespace procfarm::serving
