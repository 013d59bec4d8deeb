// SPDX-License-Identifier: MIT
// live_pools.cpp - see live_pools.hpp.
#include "live_pools.hpp"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace procfarm {
namespace {

struct Pools {
  std::mutex mutex;
  std::vector<std::shared_ptr<LivePool>> live;
};

// Never destroyed: drivers may end after static destructors.
Pools& pools() {
  static auto* all = new Pools;
  return *all;
}

void finish_all() {
  for (;;) {
    std::shared_ptr<LivePool> next;
    {
      std::lock_guard lock(pools().mutex);
      if (pools().live.empty()) return;
      next = pools().live.back();
      pools().live.pop_back();
    }
    next->end_with_program();
  }
}

}  // namespace

void LivePools::enter(std::shared_ptr<LivePool> pool) {
  static const int installed = std::atexit(finish_all);
  (void)installed;
  std::lock_guard lock(pools().mutex);
  pools().live.push_back(std::move(pool));
}

void LivePools::leave(const LivePool& pool) {
  std::shared_ptr<LivePool> dropped;  // destroyed after the lock is
  std::lock_guard lock(pools().mutex);
  const auto found = std::find_if(pools().live.begin(), pools().live.end(),
                                  [&](const auto& each) { return each.get() == &pool; });
  if (found == pools().live.end()) return;
  dropped = std::move(*found);
  pools().live.erase(found);
}

}  // namespace procfarm
