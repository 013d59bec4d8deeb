// SPDX-License-Identifier: MIT
// cases.hpp - pieces of ordinary code that two lanes of one program run at the same time. In the
// first group the lanes meet in something that the C++ library, the C library or the kernel shares
// among the threads of a process, though the work itself needs no sharing; the second group meets
// nowhere. The code is the same whether a lane is a thread or a process.
#pragma once

#include <cstdint>
#include <span>

namespace bench {

struct Case {
  const char* name;
  /// Does `iterations` pieces of work and returns how many it can vouch for: all of them.
  std::uint64_t (*run)(std::uint64_t iterations);
  bool contended;  // of the first group
};

std::span<const Case> contended_cases();
std::span<const Case> control_cases();

}  // namespace bench
