// SPDX-License-Identifier: MIT
// home_process.cpp - see home_process.hpp.
#include "home_process.hpp"

#include <pthread.h>

#include <atomic>
#include <stdexcept>

namespace procfarm {
namespace {

// Counts the forks that lie between the first process of the program and this one.
std::atomic<std::uint64_t> process_generation{0};

std::uint64_t current_process() {
  static const int installed = ::pthread_atfork(nullptr, nullptr, [] { ++process_generation; });
  (void)installed;
  return process_generation.load(std::memory_order_relaxed);
}

}  // namespace

HomeProcess::HomeProcess() : generation_(current_process()) {}

bool HomeProcess::is_current() const { return generation_ == current_process(); }

void HomeProcess::check() const {
  if (is_current()) return;
  throw std::logic_error(
      "this executor belongs to the process that forked this one: make a new one here");
}

}  // namespace procfarm
