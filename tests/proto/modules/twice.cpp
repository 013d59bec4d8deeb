// SPDX-License-Identifier: MIT
// twice.cpp - a module that exports two functions under one name.
#include <procfarm/export.hpp>

namespace {
int one() { return 1; }
int two() { return 2; }
}  // namespace

PROCFARM_EXPORT(procfarm::function<one>("same"))
PROCFARM_EXPORT(procfarm::function<two>("same"))
