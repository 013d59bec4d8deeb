// SPDX-License-Identifier: MIT
// doctor.hpp - what `procfarm doctor` thinks of a machine. Facts go in as plain values and findings
// come out; machine_facts.hpp measures, command_doctor.cpp tries things out and shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cgroup_limits.hpp"

namespace procfarm::cli {

enum class Finding { ok, note, problem };

std::string_view finding_name(Finding finding);

/// One line of the report.
struct Check {
  std::string name{};
  Finding finding = Finding::ok;
  std::string text{};
  std::string advice{};  // what to do; empty if there is nothing
};

/// A directory as it is found: errno of what was tried, 0 if it can be used.
struct DirectoryFacts {
  std::string path{};
  int error = 0;
  bool network = false;
  std::uint64_t free_bytes = 0;
  std::uint64_t free_files = 0;  // 0 with free_bytes: not told
};

/// A variable that may say where sockets go.
struct SocketVariable {
  std::string name{};
  std::string value{};
  int error = 0;  // of its use as a directory
};

struct MachineFacts {
  int jobs = 0;
  std::uint64_t descriptors_soft = 0;
  std::uint64_t descriptors_hard = 0;
  std::uint64_t descriptors_needed = 0;
  std::uint64_t processes_needed = 0;
  std::optional<std::uint64_t> processes_of_user{};  // RLIMIT_NPROC, where it is enforced
  CgroupLimits cgroup{};
  std::uint64_t memory = 0;  // of the machine
  int cores = 0;
  int cores_allowed = 0;  // affinity
  int cores_usable = 0;   // what -j is by default
  std::vector<SocketVariable> socket_variables{};
  DirectoryFacts socket_fallback{};  // /tmp
  int memfd_error = 0;
  int pidfd_error = 0;
  DirectoryFacts runs{};  // where .procfarm lies
};

std::vector<Check> judge(const MachineFacts& facts);

}  // namespace procfarm::cli
