// SPDX-License-Identifier: MIT
// usable_cpus.cpp - how many processors this process may really use.
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include <procfarm/options.hpp>

namespace procfarm {
namespace {

std::optional<long> to_number(std::string_view text) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value <= 0) return std::nullopt;
  return value;
}

long affinity() {
  // A set larger than cpu_set_t is refused by the kernel with EINVAL: ask with growing ones.
  for (int cpus = 1024; cpus <= 1 << 18; cpus *= 2) {
    cpu_set_t* set = CPU_ALLOC(cpus);
    const std::size_t size = CPU_ALLOC_SIZE(cpus);
    const bool known = ::sched_getaffinity(0, size, set) == 0;
    const int count = known ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (known) return std::max(count, 1);
  }
  return 1;
}

std::optional<long> quota_of(const std::string& directory) {
  std::ifstream file(directory + "/cpu.max");
  std::string quota, period;
  if (!(file >> quota >> period)) return std::nullopt;
  const auto q = to_number(quota);
  const auto p = to_number(period);
  if (!q || !p) return std::nullopt;
  return (*q + *p - 1) / *p;
}

// The strictest quota from this process's cgroup (version 2) up to the root.
std::optional<long> cgroup_quota() {
  std::ifstream file("/proc/self/cgroup");
  std::optional<long> least;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("0::/")) continue;
    for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
      std::string path = line.substr(3);
      while (true) {
        if (const auto quota = quota_of(root + path))
          least = std::min(least.value_or(*quota), *quota);
        const std::size_t slash = path.rfind('/');
        if (slash == std::string::npos || path.size() <= 1) break;
        path.resize(slash);
      }
    }
  }
  return least;
}

}  // namespace

int usable_cpus() {
  long count = affinity();
  if (const auto quota = cgroup_quota()) count = std::min(count, *quota);
  const char* slurm = std::getenv("SLURM_CPUS_PER_TASK");
  if (slurm != nullptr) {
    if (const auto allotted = to_number(slurm)) count = std::min(count, *allotted);
  }
  return static_cast<int>(std::max(count, 1L));
}

}  // namespace procfarm
