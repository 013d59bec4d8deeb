// SPDX-License-Identifier: MIT
// other_abi.cpp - a module of a procfarm that does not exist yet.
#include <procfarm/export_abi.hpp>

extern "C" const procfarm::abi::Exports* procfarm_module() {
  static const procfarm::abi::Exports exports{99, 1, nullptr};
  return &exports;
}
