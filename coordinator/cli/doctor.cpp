// SPDX-License-Identifier: MIT
// doctor.cpp - the judgements, one function for each line of the report. A problem is what stops a
// run; a note is what a person may wonder about later.
#include "doctor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "units.hpp"

namespace procfarm::cli {
namespace {

constexpr std::uint64_t little_space = 256ULL << 20U;
constexpr std::uint64_t no_space = 1ULL << 20U;
constexpr std::uint64_t little_files = 1000;
constexpr std::size_t longest_socket_directory = 76;  // a path of a socket has 107 bytes at most

Check open_files(const MachineFacts& facts) {
  Check check{.name = "open files",
              .text = fmt::format("-j {} needs {}, the limit is {} (soft {})", facts.jobs,
                                  facts.descriptors_needed, facts.descriptors_hard,
                                  facts.descriptors_soft)};
  if (facts.descriptors_hard < facts.descriptors_needed) {
    check.finding = Finding::problem;
    check.advice = "raise it (ulimit -Hn, LimitNOFILE=) or lower -j";
  }
  return check;
}

Check processes(const MachineFacts& facts) {
  Check check{.name = "processes",
              .text = fmt::format("-j {} needs some {}, there is no limit", facts.jobs,
                                  facts.processes_needed)};
  std::optional<std::uint64_t> left = facts.processes_of_user;
  std::string where = "ulimit -u";
  if (facts.cgroup.processes && (!left || facts.cgroup.processes->left() < *left)) {
    left = facts.cgroup.processes->left();
    where = "pids.max in " + facts.cgroup.processes->group;
  }
  if (!left) return check;
  check.text = fmt::format("-j {} needs some {} processes and threads, {} are left", facts.jobs,
                           facts.processes_needed, *left);
  if (*left < facts.processes_needed) {
    check.finding = Finding::problem;
    check.advice = fmt::format("raise {} or lower -j", where);
  }
  return check;
}

std::string version_text(CgroupVersion version) {
  switch (version) {
    case CgroupVersion::none: return "none";
    case CgroupVersion::one: return "version 1";
    case CgroupVersion::two: return "version 2";
    case CgroupVersion::both: return "versions 1 and 2";
  }
  return {};
}

Check memory(const MachineFacts& facts) {
  Check check{.name = "memory",
              .text = fmt::format("{} in all, cgroups: {}", format_size(facts.memory),
                                  version_text(facts.cgroup.version))};
  const auto& limit = facts.cgroup.memory;
  if (limit && limit->limit < facts.memory) {
    check.finding = Finding::note;
    check.text += fmt::format("; limited to {}, {} used", format_size(limit->limit),
                              format_size(limit->used));
    check.advice = "over it the kernel kills, and not by the `memory` of tasks";
  }
  return check;
}

Check cores(const MachineFacts& facts) {
  Check check{.name = "cores", .text = fmt::format("{} may be used", facts.cores_usable)};
  if (facts.cores_allowed < facts.cores) {
    check.text += fmt::format(", {} of {} by affinity", facts.cores_allowed, facts.cores);
  }
  const auto quota = facts.cgroup.cpus;
  if (quota) check.text += fmt::format(", a quota of {:.3g}", *quota);
  const double most = std::min(quota.value_or(facts.cores_usable), double(facts.cores_usable));
  if (facts.jobs > std::ceil(most)) {
    check.finding = Finding::note;
    check.text += fmt::format("; -j {} is more", facts.jobs);
    check.advice = "good for tasks that wait, not for those that compute";
  }
  return check;
}

Check socket_directory(const MachineFacts& facts) {
  Check check{.name = "sockets"};
  std::string passed_over;
  const auto pass = [&](const SocketVariable& variable, const std::string& why) {
    passed_over += fmt::format("; {}={} is passed over: {}", variable.name, variable.value, why);
    check.finding = Finding::note;
    check.advice = "set it to a directory that exists, or unset it";
  };
  for (const SocketVariable& variable : facts.socket_variables) {
    if (variable.value.empty() || variable.value.front() != '/') {
      pass(variable, "it is no absolute path");
    } else if (variable.value.size() > longest_socket_directory) {
      pass(variable, fmt::format("longer than {} bytes", longest_socket_directory));
    } else if (variable.error != 0) {
      pass(variable, std::strerror(variable.error));
    } else {
      check.text = fmt::format("in {} ({})", variable.value, variable.name) + passed_over;
      return check;
    }
  }
  check.text = "in " + facts.socket_fallback.path + passed_over;
  if (facts.socket_fallback.error != 0) {
    check.finding = Finding::problem;
    check.text = fmt::format("{}: {}", facts.socket_fallback.path,
                             std::strerror(facts.socket_fallback.error)) +
                 passed_over;
    check.advice = "set XDG_RUNTIME_DIR or TMPDIR to a directory that can be written";
  }
  return check;
}

Check kernel(const MachineFacts& facts) {
  Check check{.name = "kernel", .text = "memfd_create and pidfd_open work"};
  const auto refuse = [&check](const char* call, int error) {
    if (error == 0) return;
    check.finding = Finding::problem;
    check.text = fmt::format("{}: {}", call, std::strerror(error));
    check.advice = "Linux 5.3 or newer is needed, and a sandbox that allows it";
  };
  refuse("memfd_create", facts.memfd_error);
  refuse("pidfd_open", facts.pidfd_error);
  return check;
}

Check run_directory(const MachineFacts& facts) {
  const DirectoryFacts& runs = facts.runs;
  Check check{
      .name = "runs",
      .text = fmt::format("{}/.procfarm, {} free", runs.path, format_size(runs.free_bytes))};
  if (runs.error != 0) {
    check.finding = Finding::problem;
    check.text = fmt::format("{}: {}", runs.path, std::strerror(runs.error));
    check.advice = "name another directory with --dir, or use --no-db";
    return check;
  }
  if (runs.network) {
    check.finding = Finding::note;
    check.text += ", on a network file system";
    check.advice = "a run can be read there only when it has ended; --dir names another";
  }
  const bool told = runs.free_files != 0;
  if (runs.free_bytes < little_space || (told && runs.free_files < little_files)) {
    check.finding = runs.free_bytes < no_space ? Finding::problem : Finding::note;
    if (told && runs.free_files < little_files) {
      check.text += fmt::format(", {} files more", runs.free_files);
    }
    check.advice = "make room, or name another directory with --dir";
  }
  return check;
}

}  // namespace

std::string_view finding_name(Finding finding) {
  constexpr std::array<std::string_view, 3> names{"ok", "note", "problem"};
  return names.at(static_cast<std::size_t>(finding));
}

std::vector<Check> judge(const MachineFacts& facts) {
  return {cores(facts),  memory(facts),           open_files(facts),   processes(facts),
          kernel(facts), socket_directory(facts), run_directory(facts)};
}

}  // namespace procfarm::cli
