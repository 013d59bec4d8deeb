// SPDX-License-Identifier: MIT
// thread_pool_support.hpp - what tests of executors within this process share: gates and counters
// in memory.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <vector>

#include <procfarm/procfarm.hpp>

#include "support/patience.hpp"

namespace local {

using namespace procfarm;
using namespace std::chrono_literals;
using support::eventually;

/// Tasks wait for it. Closed at first; opened at the latest when it goes.
class Gate {
 public:
  ~Gate() { open(); }
  void open() {
    if (!opened_.exchange(true)) opening_.set_value();
  }
  /// To be called by tasks; a copyable callable.
  auto pass() const {
    return [opened = opened_for_all_] { opened.wait(); };
  }

 private:
  std::atomic<bool> opened_{false};
  std::promise<void> opening_;
  std::shared_future<void> opened_for_all_ = opening_.get_future().share();
};

/// A task that says when it has begun and waits for a gate.
struct Held {
  std::shared_ptr<std::atomic<bool>> begun = std::make_shared<std::atomic<bool>>(false);
  Gate gate{};

  auto task() const {
    return [begun = begun, pass = gate.pass()] {
      *begun = true;
      pass();
    };
  }
  bool has_begun() const {
    return eventually([this] { return begun->load(); });
  }
};

/// Tasks write down what they are.
class Log {
 public:
  auto note(int entry) {
    return [this, entry] {
      std::lock_guard lock(mutex_);
      entries_.push_back(entry);
    };
  }
  std::vector<int> entries() {
    std::lock_guard lock(mutex_);
    return entries_;
  }

 private:
  std::mutex mutex_;
  std::vector<int> entries_;
};

template <class E, class F>
E error_of(const F& future) {
  try {
    (void)future.result();
  } catch (const E& error) {
    return error;
  }
  FAIL("the task has succeeded");
  throw;
}

inline int doubled(int value) { return 2 * value; }

}  // namespace local
