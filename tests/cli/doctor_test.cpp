// SPDX-License-Identifier: MIT
// doctor_test.cpp - judgements about machines that are made up, and limits of control groups out of
// files that look like the kernel's.
#include "coordinator/cli/doctor.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <utility>

#include "scratch_directory.hpp"

namespace procfarm::cli {
namespace {

constexpr std::uint64_t gigabyte = 1ULL << 30U;

/// One on which nothing gets in the way.
MachineFacts healthy() {
  return {.jobs = 4,
          .descriptors_soft = 1024,
          .descriptors_hard = 4096,
          .descriptors_needed = 80,
          .processes_needed = 20,
          .memory = 8 * gigabyte,
          .cores = 4,
          .cores_allowed = 4,
          .cores_usable = 4,
          .socket_fallback = {.path = "/tmp"},
          .runs = {.path = "/home/me", .free_bytes = 100 * gigabyte, .free_files = 1'000'000}};
}

Check check_named(const MachineFacts& facts, const std::string& name) {
  for (Check& check : judge(facts)) {
    if (check.name == name) return std::move(check);
  }
  FAIL("no check " << name);
  return {};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A problem whose line has both texts.
void check_problem(const MachineFacts& facts, const std::string& name, const std::string& text,
                   const std::string& advice) {
  const Check check = check_named(facts, name);
  CAPTURE(check.text);
  CAPTURE(check.advice);
  CHECK(check.finding == Finding::problem);
  CHECK(has(check.text, text));
  CHECK(has(check.advice, advice));
}

TEST_CASE("doctor: on a healthy machine all is ok, and nothing is advised") {
  for (const Check& check : judge(healthy())) {
    CAPTURE(check.name);
    CHECK(check.finding == Finding::ok);
    CHECK(check.advice.empty());
    CHECK_FALSE(check.text.empty());
  }
}

TEST_CASE("doctor: too few descriptors or processes for -j are problems with both numbers") {
  MachineFacts facts = healthy();
  facts.descriptors_hard = 64;
  check_problem(facts, "open files", "-j 4 needs 80, the limit is 64", "ulimit -Hn");
  facts.cgroup.processes = CgroupLimit{.limit = 30, .used = 12, .group = "/sys/fs/cgroup/box"};
  check_problem(facts, "processes", "needs some 20 processes and threads, 18 are left",
                "pids.max in /sys/fs/cgroup/box");
  facts.processes_of_user = 10;
  check_problem(facts, "processes", "10 are left", "ulimit -u");
}

TEST_CASE("doctor: limits of memory and cores below what one expects are notes") {
  MachineFacts facts = healthy();
  facts.cgroup.version = CgroupVersion::two;
  facts.cgroup.memory = CgroupLimit{.limit = gigabyte, .used = gigabyte / 2};
  const Check memory = check_named(facts, "memory");
  CHECK(memory.finding == Finding::note);
  CHECK(has(memory.text, "cgroups: version 2; limited to 1.0 GiB, 512.0 MiB used"));
  facts.cgroup.cpus = 1.5;
  facts.cores_allowed = 3;
  const Check cores = check_named(facts, "cores");
  CHECK(cores.finding == Finding::note);
  CHECK(has(cores.text, "3 of 4 by affinity, a quota of 1.5; -j 4 is more"));
}

TEST_CASE("doctor: a directory for sockets that is passed over is told, and which one is used") {
  MachineFacts facts = healthy();
  facts.socket_variables = {{"XDG_RUNTIME_DIR", "/run/user/7", ENOENT}, {"TMPDIR", "/scratch", 0}};
  Check check = check_named(facts, "sockets");
  CHECK(check.finding == Finding::note);
  CHECK(
      has(check.text, "in /scratch (TMPDIR); XDG_RUNTIME_DIR=/run/user/7 is passed over: No such"));
  facts.socket_variables = {{"TMPDIR", "tmp", 0}};
  CHECK(
      has(check_named(facts, "sockets").text, "in /tmp; TMPDIR=tmp is passed over: it is no abs"));
  facts.socket_variables = {{"TMPDIR", "/" + std::string(100, 'x'), 0}};
  CHECK(has(check_named(facts, "sockets").text, "is passed over: longer than 76 bytes"));
  facts.socket_fallback.error = EACCES;
  check_problem(facts, "sockets", "/tmp: Permission denied", "TMPDIR");
}

TEST_CASE("doctor: where runs cannot be kept, or only just, is told") {
  MachineFacts facts = healthy();
  facts.runs.error = EROFS;
  check_problem(facts, "runs", "/home/me: Read-only file system", "--dir");
  facts.runs.error = 0;
  facts.runs.free_bytes = 1000;
  check_problem(facts, "runs", "/home/me/.procfarm, 1000 B free", "make room");
  facts.runs.free_bytes = gigabyte;
  facts.runs.free_files = 10;
  CHECK(check_named(facts, "runs").finding == Finding::note);
  facts.runs.free_files = 0;  // btrfs tells none
  CHECK(check_named(facts, "runs").finding == Finding::ok);
  facts.runs.network = true;
  CHECK(has(check_named(facts, "runs").text, "on a network file system"));
}

TEST_CASE("doctor: a kernel that lacks a call is a problem") {
  MachineFacts facts = healthy();
  facts.pidfd_error = ENOSYS;
  check_problem(facts, "kernel", "pidfd_open: Function not implemented", "5.3");
}

TEST_CASE("doctor: in version 2 the strictest limit from the group up to the root counts") {
  const ScratchDirectory scratch;
  const std::string self = scratch.write("self", "0::/user/job\n");
  scratch.write("mounts/cgroup.controllers", "cpu memory pids\n");
  scratch.write("mounts/user/pids.max", "100\n");
  scratch.write("mounts/user/pids.current", "40\n");
  scratch.write("mounts/user/job/pids.max", "max\n");
  scratch.write("mounts/user/job/memory.max", "1073741824\n");
  scratch.write("mounts/user/job/memory.current", "4096\n");
  scratch.write("mounts/user/cpu.max", "150000 100000\n");
  scratch.write("mounts/user/job/cpu.max", "max 100000\n");
  const CgroupLimits limits = read_cgroup_limits(self, scratch / "mounts");
  CHECK(limits.version == CgroupVersion::two);
  REQUIRE(limits.processes);
  CHECK(limits.processes->left() == 60);
  CHECK(has(limits.processes->group, "mounts/user"));
  REQUIRE(limits.memory);
  CHECK(limits.memory->limit == gigabyte);
  CHECK(limits.cpus == 1.5);
}

TEST_CASE("doctor: in version 1 each controller has its own tree, and a huge number is no limit") {
  const ScratchDirectory scratch;
  const std::string self =
      scratch.write("self", "8:pids:/a\n4:memory:/b\n3:cpu,cpuacct:/\n2:name=systemd:/\n0::/\n");
  scratch.write("mounts/unified/cgroup.controllers", "\n");
  scratch.write("mounts/pids/a/pids.max", "50\n");
  scratch.write("mounts/pids/a/pids.current", "60\n");
  scratch.write("mounts/memory/b/memory.limit_in_bytes", "9223372036854771712\n");
  scratch.write("mounts/cpu/cpu.cfs_quota_us", "-1\n");
  scratch.write("mounts/cpu/cpu.cfs_period_us", "100000\n");
  const CgroupLimits limits = read_cgroup_limits(self, scratch / "mounts");
  CHECK(limits.version == CgroupVersion::both);
  REQUIRE(limits.processes);
  CHECK(limits.processes->left() == 0);
  CHECK_FALSE(limits.memory);
  CHECK_FALSE(limits.cpus);
}

TEST_CASE("doctor: without control groups there are no limits of theirs") {
  const ScratchDirectory scratch;
  const CgroupLimits limits = read_cgroup_limits(scratch / "none", scratch / "mounts");
  CHECK(limits.version == CgroupVersion::none);
  CHECK_FALSE(limits.processes);
}

}  // namespace
}  // namespace procfarm::cli
