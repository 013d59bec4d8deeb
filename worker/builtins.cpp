// SPDX-License-Identifier: MIT
// builtins.cpp - see builtins.hpp.
#include "builtins.hpp"

#include <procfarm/command.hpp>
#include <procfarm/exported.hpp>
#include <procfarm/function.hpp>
#include <procfarm/wire/builtin.hpp>
#include <procfarm/wire/modules.hpp>

namespace procfarm::serving {

namespace {

template <auto fn, class R, class... P>
void enter(FunctionId id, const char* name, R (*)(P...)) {
  wire::set_builtin(id.index, &detail::run_call<detail::StaticTarget<fn>, R, P...>, name);
}

}  // namespace

void enter_builtins() {
  enter<&run_command>(wire::builtin_run_command, "run_command", &run_command);
  enter<&call_exported>(wire::builtin_call_exported, "call_exported", &call_exported);
  enter<&describe_module>(wire::builtin_describe_module, "describe_module", &describe_module);
}

}  // namespace procfarm::serving
