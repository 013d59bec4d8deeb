// SPDX-License-Identifier: MIT
// cgroup_limits.cpp - a limit may stand in any group from ours up to the root.
#include "cgroup_limits.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

namespace procfarm::cli {
namespace {

namespace fs = std::filesystem;

// Version 1 writes this where version 2 writes `max`: as many pages as fit into 63 bits.
constexpr std::uint64_t unlimited_bytes = std::uint64_t{1} << 62U;

/// The first number in a file; nothing if there is none.
std::optional<std::uint64_t> number_in(const fs::path& file) {
  std::ifstream stream(file);
  std::uint64_t number = 0;
  if (!(stream >> number) || number >= unlimited_bytes) return std::nullopt;
  return number;
}

/// Groups of this process: by controller in version 1, under the empty name in version 2.
std::map<std::string, std::string> read_groups(const fs::path& membership) {
  std::map<std::string, std::string> groups;
  std::ifstream file(membership);
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::istringstream controllers(line.substr(first + 1, second - first - 1));
    const std::string group = line.substr(second + 1);
    if (second == first + 1) groups[""] = group;
    for (std::string name; std::getline(controllers, name, ',');) groups[name] = group;
  }
  return groups;
}

/// Calls `visit` with the directory of the group, of its parent, up to that of the root.
template <class Visit>
void visit_upwards(const fs::path& mount, const std::string& group, Visit visit) {
  fs::path path = fs::path(group).relative_path();
  while (true) {
    visit(mount / path);
    if (path.empty()) return;
    path = path.parent_path();
  }
}

struct Place {
  fs::path mount{};
  std::string group{};
};

std::optional<CgroupLimit> strictest(const std::optional<Place>& place, const char* limit_file,
                                     const char* used_file) {
  std::optional<CgroupLimit> least;
  if (!place) return least;
  visit_upwards(place->mount, place->group, [&](const fs::path& directory) {
    const auto limit = number_in(directory / limit_file);
    if (!limit) return;
    const CgroupLimit found{*limit, number_in(directory / used_file).value_or(0),
                            directory.string()};
    if (!least || found.left() < least->left()) least = found;
  });
  return least;
}

std::optional<double> quota(const std::optional<Place>& one, const std::optional<Place>& two) {
  std::optional<double> least;
  const auto add = [&least](std::optional<std::uint64_t> time,
                            std::optional<std::uint64_t> period) {
    if (!time || !period || *period == 0) return;
    const double cpus = static_cast<double>(*time) / static_cast<double>(*period);
    least = std::min(least.value_or(cpus), cpus);
  };
  if (one) {
    visit_upwards(one->mount, one->group, [&add](const fs::path& directory) {
      add(number_in(directory / "cpu.cfs_quota_us"), number_in(directory / "cpu.cfs_period_us"));
    });
  }
  if (two) {
    visit_upwards(two->mount, two->group, [&add](const fs::path& directory) {
      std::ifstream file(directory / "cpu.max");
      std::uint64_t time = 0;
      std::uint64_t period = 0;
      if (file >> time >> period) add(time, period);
    });
  }
  return least;
}

std::optional<CgroupLimit> stricter(std::optional<CgroupLimit> one,
                                    std::optional<CgroupLimit> two) {
  if (!one || !two) return one ? one : two;
  return one->left() < two->left() ? one : two;
}

}  // namespace

CgroupLimits read_cgroup_limits(const fs::path& membership, const fs::path& mounts) {
  const auto groups = read_groups(membership);
  std::error_code error;
  const auto version_one = [&](const char* controller) -> std::optional<Place> {
    const auto group = groups.find(controller);
    if (group == groups.end() || !fs::exists(mounts / controller, error)) return std::nullopt;
    return Place{mounts / controller, group->second};
  };
  std::optional<Place> two;
  for (const fs::path& mount : {mounts, mounts / "unified"}) {
    if (groups.count("") == 0 || !fs::exists(mount / "cgroup.controllers", error)) continue;
    two = Place{mount, groups.at("")};
  }
  const bool has_one = std::any_of(groups.begin(), groups.end(), [](const auto& group) {
    return !group.first.empty() && group.first.rfind("name=", 0) != 0;
  });
  CgroupLimits limits;
  limits.version = has_one ? (two ? CgroupVersion::both : CgroupVersion::one)
                   : two   ? CgroupVersion::two
                           : CgroupVersion::none;
  limits.processes = stricter(strictest(version_one("pids"), "pids.max", "pids.current"),
                              strictest(two, "pids.max", "pids.current"));
  limits.memory =
      stricter(strictest(version_one("memory"), "memory.limit_in_bytes", "memory.usage_in_bytes"),
               strictest(two, "memory.max", "memory.current"));
  limits.cpus = quota(version_one("cpu"), two);
  return limits;
}

}  // namespace procfarm::cli
