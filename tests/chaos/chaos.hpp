// SPDX-License-Identifier: MIT
// chaos.hpp - what the chaos tests share: their size and seed, a task that leaves a witness of each
// of its executions outside the library's reach, and the checker that reads it afterwards.
//
// They are part of the system tests. Small by default; the full sizes, and the figures:
//   tests/chaos/run
// PROCFARM_CHAOS_TASKS and PROCFARM_CHAOS_SEED choose another size and course of events.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "system/farm.hpp"

namespace chaos {

using namespace farm;

/// How many tasks; `usually` unless the environment asks for another number.
std::size_t task_count(std::size_t usually);
std::uint64_t seed();
/// Says on standard output what was measured: not a check.
void tell(const std::string& line);

/// One line for each execution, written before its work: "index attempt". Removed at the end.
class Witness {
 public:
  const std::string& path() const { return journal_.path(); }
  /// For each index the attempts that were executed. Fails the test for a malformed line.
  std::vector<std::vector<int>> executions(std::size_t tasks) const;

 private:
  Journal journal_;
};

/// Leaves its line, is busy for `busy_us`, and returns value_of(index).
std::uint64_t witnessed(const std::string& witness, std::uint64_t index, unsigned busy_us);
/// The same, but as long as nobody asks it to stop.
std::uint64_t witnessed_until_stopped(const std::string& witness, std::uint64_t index);
/// The same, and deaf for all requests.
std::uint64_t witnessed_for_ever(const std::string& witness, std::uint64_t index);
/// What a task with this index must return.
std::uint64_t value_of(std::uint64_t index);

/// How many descriptors this process has open.
std::size_t open_descriptors();

/// The value below which `share` of the sorted samples lie.
double quantile(std::vector<double> samples, double share);

}  // namespace chaos
