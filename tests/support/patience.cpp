// SPDX-License-Identifier: MIT
// patience.cpp - the watching thread, and the end of a test that hangs.
#include "support/patience.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "support/process_tree.hpp"

namespace support {
namespace {

constexpr unsigned last_resort_seconds = 10;

[[noreturn]] void give_up(const std::string& name) {
  std::printf("\nERROR: test case \"%s\" hangs; this is where everything stands:\n", name.c_str());
  print_all_stacks();
  // The handler of SIGABRT writes the summary; should it hang too, SIGALRM ends the process.
  std::signal(SIGALRM, SIG_DFL);
  ::alarm(last_resort_seconds);
  std::abort();
}

}  // namespace

std::chrono::seconds patience() {
  const char* seconds = std::getenv("PROCFARM_PATIENCE");
  return std::chrono::seconds(seconds != nullptr ? std::atoi(seconds) : 60);
}

HangGuard::HangGuard() : thread_([this](std::stop_token stop) { watch(std::move(stop)); }) {}

void HangGuard::start(std::string name, std::chrono::seconds limit) {
  const std::lock_guard lock(mutex_);
  name_ = std::move(name);
  deadline_ = Clock::now() + std::max(limit, 4 * patience());
  changed_.notify_one();
}

void HangGuard::stop() {
  const std::lock_guard lock(mutex_);
  deadline_ = Clock::time_point::max();
  changed_.notify_one();
}

void HangGuard::watch(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (deadline_ == Clock::time_point::max()) {
      changed_.wait(lock, stop, [this] { return deadline_ != Clock::time_point::max(); });
      continue;
    }
    const auto watched = deadline_;
    changed_.wait_until(lock, stop, watched, [this, watched] { return deadline_ != watched; });
    if (deadline_ == watched && Clock::now() >= watched) give_up(name_);
  }
}

}  // namespace support
