// SPDX-License-Identifier: MIT
// memory_watch.cpp - see memory_watch.hpp.
#include "memory_watch.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>

#include <procfarm/exported.hpp>

#include "process_tree.hpp"

namespace procfarm::serving {

namespace {

constexpr std::chrono::milliseconds sampling{50};

}  // namespace

MemoryWatch::MemoryWatch(std::uint64_t limit) : limit_(limit) {
  // Signals are for the thread that runs the function.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
  } catch (...) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void MemoryWatch::watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (resident_memory(::getpid()) > limit_) ::_exit(memory_exit_code);
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop, sampling, [] { return false; });
  }
}

}  // namespace procfarm::serving
