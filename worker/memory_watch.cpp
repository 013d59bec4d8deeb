// SPDX-License-Identifier: MIT
// memory_watch.cpp - see memory_watch.hpp.
#include "memory_watch.hpp"

#include <signal.h>
#include <unistd.h>

#include <chrono>

#include <procfarm/exported.hpp>
#include <procfarm/wire/signals_blocked.hpp>

#include "process_tree.hpp"

namespace procfarm::serving {

namespace {

constexpr std::chrono::milliseconds sampling{50};

}  // namespace

MemoryWatch::MemoryWatch(std::uint64_t limit) : limit_(limit) {
  // Signals are for the thread that runs the function.
  const wire::AllSignalsBlocked blocked;
  thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

void MemoryWatch::watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (resident_memory(::getpid()) > limit_) ::_exit(memory_exit_code);
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop, sampling, [] { return false; });
  }
}

}  // namespace procfarm::serving
