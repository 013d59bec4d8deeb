// SPDX-License-Identifier: MIT
// cgroup_limits.hpp - what the control groups that this process is in allow it, in both versions.
// Only reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace procfarm::cli {

/// The strictest of the group's and its parents' limits.
struct CgroupLimit {
  std::uint64_t limit = 0;
  std::uint64_t used = 0;  // in the group whose limit it is
  std::string group{};     // its directory

  std::uint64_t left() const { return limit > used ? limit - used : 0; }
};

enum class CgroupVersion { none, one, two, both };

struct CgroupLimits {
  CgroupVersion version = CgroupVersion::none;
  std::optional<CgroupLimit> processes{};  // threads count, too
  std::optional<CgroupLimit> memory{};     // bytes
  std::optional<double> cpus{};            // quota by period
};

/// `membership` is /proc/self/cgroup or a file like it, `mounts` the directory below which the
/// controllers are mounted.
CgroupLimits read_cgroup_limits(const std::filesystem::path& membership = "/proc/self/cgroup",
                                const std::filesystem::path& mounts = "/sys/fs/cgroup");

}  // namespace procfarm::cli
