// SPDX-License-Identifier: MIT
// usage_meter.hpp - CPU time and peak memory of tasks. Asking the kernel costs more than a short
// task takes, so it is asked once per batch and after each task longer than `worth_measuring`; what
// short tasks took in between is subtracted. One thread at a time.
#pragma once

#include <cstdint>

#include <procfarm/wire/unique_fd.hpp>

namespace procfarm::serving {

class UsageMeter {
 public:
  struct Usage {
    std::int64_t cpu = -1;          // ns; -1: too short to be measured
    std::uint64_t peak_memory = 0;  // bytes
  };

  UsageMeter();
  void begin_batch();
  /// For the task that has just ended, after `took` ns.
  Usage end_task(std::int64_t took);

 private:
  struct Reading {
    std::int64_t cpu = 0;
    std::uint64_t own_peak = 0;
    std::uint64_t children_peak = 0;
  };

  static Reading read();
  void restart(const Reading& now);

  wire::UniqueFd clear_refs_;  // resets the kernel's peak
  Reading base_;
  std::int64_t short_tasks_ = 0;  // ns since base_
};

}  // namespace procfarm::serving
