// SPDX-License-Identifier: MIT
// credit.cpp - the numbers behind the window.
#include "credit.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace procfarm::scheduling {

namespace {

constexpr Duration long_task = std::chrono::milliseconds{8};
constexpr Duration least_patience = std::chrono::milliseconds{8};
constexpr Duration least_pace = std::chrono::milliseconds{1};
// A round trip is some 100 us: below 1 % of such a task, and prefetching would only upset the
// order.
constexpr Duration no_prefetch_above = std::chrono::milliseconds{20};

double count(Duration duration) { return static_cast<double>(duration.count()); }

}  // namespace

std::uint32_t Credit::tasks(std::uint32_t workers) const {
  if (results_ == 0) return 1;
  const double by_time = std::ceil(count(window_) / std::max(average_, 1.0));
  // One more per result doubles the window with every round trip.
  const std::uint64_t by_growth = 1 + results_ / std::max(workers, 1U);
  const std::uint64_t most = std::min<std::uint64_t>(max_queued_, by_growth);
  if (by_time >= static_cast<double>(most)) return static_cast<std::uint32_t>(most);
  return std::max(1U, static_cast<std::uint32_t>(by_time));
}

bool Credit::prefetches() const {
  return results_ != 0 && max_queued_ > 1 && average_ <= count(no_prefetch_above);
}

bool Credit::long_tasks() const { return average_ > count(long_task); }

Duration Credit::patience() const {
  return std::max<Duration>(least_patience, Duration{static_cast<Duration::rep>(4 * average_)});
}

bool Credit::worth_moving(std::uint32_t tasks) const {
  return static_cast<double>(tasks) * average_ >= count(window_) / 16;
}

Duration Credit::pace(std::uint32_t tasks) const {
  const double queued = std::min(static_cast<double>(tasks) * average_, count(window_));
  return std::max(least_pace, Duration{static_cast<Duration::rep>(queued / 4)});
}

}  // namespace procfarm::scheduling
