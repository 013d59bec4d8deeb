// SPDX-License-Identifier: MIT
// credit.hpp - how many tasks one worker may hold: as many as fill a window of time, estimated
// from what tasks took lately. Starts with one, grows with each result, so that a first guess
// never buries tasks behind a long one.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include <procfarm/duration.hpp>

namespace procfarm::scheduling {

/// One thread at a time.
class Credit {
 public:
  Credit(Duration window, std::uint32_t max_queued) : window_(window), max_queued_(max_queued) {}

  /// An attempt has ended after so long, as its worker says: nonsense is cut to what can be. A
  /// short task that took much longer than the others was mostly waiting for a core. It counts as a
  /// few of them, else the window would be small for a while after each.
  void result(Duration took) {
    const double nanoseconds =
        std::clamp(static_cast<double>(took.count()), 0.0, longest_believed_);
    average_ += (nanoseconds - average_) / (results_ == 0 ? 1 : 16);
    longest_believed_ = outlier * std::max(average_, shortest_average);
    ++results_;
  }

  /// Tasks that fill the window, the running one included and the prefetched one not.
  std::uint32_t tasks(std::uint32_t workers) const;

  /// Holding one more than tasks() is worth it: the round trip is not small against a task.
  bool prefetches() const;
  /// Tasks are so long that one prefetched too early may wait too long.
  bool long_tasks() const;
  /// A worker whose running task is older than this should not have others waiting behind it.
  Duration patience() const;
  /// Taking so many tasks from one worker for another saves more than the message costs.
  bool worth_moving(std::uint32_t tasks) const;
  /// So long results can wait without a worker that holds so many tasks running dry.
  Duration pace(std::uint32_t tasks) const;

 private:
  static constexpr double outlier = 8;  // times the average
  static constexpr double shortest_average = 1000;

  Duration window_;
  std::uint32_t max_queued_;
  double average_ = 0;              // nanoseconds per task
  double longest_believed_ = 3e16;  // nanoseconds; a year, as long as nothing is known
  std::uint64_t results_ = 0;
};

}  // namespace procfarm::scheduling
