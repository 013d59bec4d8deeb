// SPDX-License-Identifier: MIT
// descriptor_reserve.cpp - see descriptor_reserve.hpp.
#include "descriptor_reserve.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <cerrno>
#include <filesystem>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/core.h>

namespace procfarm {
namespace {

constexpr std::size_t for_each_worker = 6;    // page, arena, stop, connection, two streams
constexpr std::size_t for_one_order = 8;      // a line, and copies on their way to the supervisor
constexpr std::size_t for_the_executor = 24;  // ZeroMQ, supervisor, wake-ups, and some to spare

std::size_t open_descriptors() {
  std::error_code error;
  std::size_t count = 0;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    ++count;
  }
  return count;
}

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(EMFILE, std::generic_category(), what);
}

/// What an executor before us has made of which limit.
struct Raised {
  rlim_t from = 0;
  rlim_t to = 0;
};

/// Returns the limit that the program has set.
std::uint64_t provide(std::size_t workers) {
  static std::mutex mutex;
  static Raised raised;
  const std::lock_guard lock(mutex);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (raised.to != limit.rlim_cur) raised = {limit.rlim_cur, limit.rlim_cur};
  const rlim_t needed = open_descriptors() + for_the_executor + workers * for_each_worker;
  if (needed > limit.rlim_max) {
    fail(fmt::format("an executor with {} workers needs {} file descriptors here, the limit is {}",
                     workers, needed, limit.rlim_max));
  }
  if (needed > limit.rlim_cur) {
    limit.rlim_cur = needed;
    if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) raised.to = needed;
  }
  return raised.from;
}

}  // namespace

DescriptorReserve::DescriptorReserve(std::size_t workers)
    : capacity_(workers),
      limit_of_program_(provide(workers)),
      source_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {
  for (std::size_t i = 0; i < capacity_; ++i) keep_one();
}

void DescriptorReserve::set_free(std::size_t connecting) {
  if (!kept_.empty()) kept_.pop_back();
  std::vector<wire::UniqueFd> probes;
  while (probes.size() < connecting + for_one_order) {
    probes.push_back(one_more());
    if (!probes.back()) fail("no file descriptor is left for a worker's connection");
  }
}

void DescriptorReserve::keep_one() {
  if (kept_.size() >= capacity_) return;
  if (wire::UniqueFd fd = one_more()) kept_.push_back(std::move(fd));
}

wire::UniqueFd DescriptorReserve::one_more() const {
  return wire::UniqueFd(::fcntl(source_.get(), F_DUPFD_CLOEXEC, 0));
}

}  // namespace procfarm
