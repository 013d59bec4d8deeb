// SPDX-License-Identifier: MIT
// thread_trial.cpp - see thread_trial.hpp.
#include "thread_trial.hpp"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <latch>
#include <thread>
#include <vector>

#include <procfarm/wire/signals_blocked.hpp>

namespace procfarm {
namespace {

constexpr std::chrono::milliseconds longest_end{100};  // a hang guard: they end within microseconds

/// A joined thread is still counted for a moment: join returns when the thread has left its memory,
/// and what it is charged for is given back before its id is.
void wait_until_gone(pid_t thread) {
  const auto deadline = std::chrono::steady_clock::now() + longest_end;
  while (::tgkill(::getpid(), thread, 0) == 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
}

}  // namespace

void try_threads(int count) {
  std::latch all_there(1);
  std::vector<pid_t> ids(static_cast<std::size_t>(count));
  {
    const wire::AllSignalsBlocked blocked;  // they are for the program's threads
    std::vector<std::jthread> threads;
    try {
      for (pid_t& id : ids) {
        threads.emplace_back([&all_there, &id] {
          id = ::gettid();
          all_there.wait();
        });
      }
    } catch (...) {
      all_there.count_down();
      throw;
    }
    all_there.count_down();
  }
  for (const pid_t id : ids) wait_until_gone(id);
}

}  // namespace procfarm
