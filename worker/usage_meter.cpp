// SPDX-License-Identifier: MIT
// usage_meter.cpp - see usage_meter.hpp.
#include "usage_meter.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace procfarm::serving {

namespace {

constexpr std::int64_t worth_measuring = 1'000'000;  // ns

std::int64_t nanoseconds(const timeval& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_usec * 1000;
}

std::uint64_t peak_bytes(const rusage& usage) {
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace

UsageMeter::UsageMeter() : clear_refs_(::open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)) {
  restart(read());
}

void UsageMeter::begin_batch() {
  base_ = read();
  short_tasks_ = 0;
}

UsageMeter::Usage UsageMeter::end_task(std::int64_t took) {
  if (took < worth_measuring) {
    short_tasks_ += took;
    return {};
  }
  const Reading now = read();
  Usage usage{.cpu = std::max<std::int64_t>(now.cpu - base_.cpu - short_tasks_, 0),
              .peak_memory = now.own_peak};
  if (now.children_peak > base_.children_peak) {
    usage.peak_memory = std::max(usage.peak_memory, now.children_peak);
  }
  restart(now);
  return usage;
}

UsageMeter::Reading UsageMeter::read() {
  rusage own{};
  rusage children{};
  ::getrusage(RUSAGE_SELF, &own);
  ::getrusage(RUSAGE_CHILDREN, &children);
  return {.cpu = nanoseconds(own.ru_utime) + nanoseconds(own.ru_stime) +
                 nanoseconds(children.ru_utime) + nanoseconds(children.ru_stime),
          .own_peak = peak_bytes(own),
          .children_peak = peak_bytes(children)};
}

void UsageMeter::restart(const Reading& now) {
  base_ = now;
  short_tasks_ = 0;
  if (clear_refs_) {
    [[maybe_unused]] const ssize_t put = ::write(clear_refs_.get(), "5", 1);
  }
}

}  // namespace procfarm::serving
