// SPDX-License-Identifier: MIT
// early_thread_test.cpp - a program with a static object that has a thread of its own: so have its
// copies, which serve as supervisor and workers.
#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>

#include "farm.hpp"

using namespace farm;

namespace {

constexpr const char* variable = "PROCFARM_TEST_EARLY_THREAD";

/// Sleeps until it goes.
class EarlyThread {
 public:
  ~EarlyThread() {
    ended_ = true;
    ended_.notify_all();
  }

 private:
  std::atomic<bool> ended_{false};
  std::jthread thread_{[this] { ended_.wait(false); }};
};

/// Only in copies of this program that find the variable.
const std::unique_ptr<EarlyThread> early =
    std::getenv(variable) != nullptr ? std::make_unique<EarlyThread>() : nullptr;

bool has_early_thread() { return early != nullptr; }

}  // namespace

// ThreadSanitizer holds signals back until a thread makes a call that it knows.
TEST_CASE("the end of a worker is heard of by a supervisor that has other threads" *
          doctest::skip(support::thread_sanitizer)) {
  for (const StartMethod method : {StartMethod::forkserver, StartMethod::spawn}) {
    CAPTURE(static_cast<int>(method));
    ::setenv(variable, "1", 1);
    ProcessPoolExecutor pool({.max_workers = 1, .start_method = method});
    CHECK(pool.submit<has_early_thread>().result());
    ::unsetenv(variable);
    for (int i = 0; i < 5; ++i) {
      CHECK(error_of<WorkerLost>(pool.submit([] { ::raise(SIGKILL); })).signal() == SIGKILL);
    }
  }
}
