// SPDX-License-Identifier: MIT
// this_task_test.cpp - what a task sees of itself, with hooks as a worker sets them.
#include <procfarm/this_task.hpp>

#include <atomic>
#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include <procfarm/wire/task_context.hpp>

using namespace procfarm;

namespace {

struct FakeWorker {
  std::atomic<bool> stop = false;
  double fraction = -1;
  std::string message;
};

/// As a worker for the time of a test; the process is none afterwards as far as tasks can tell.
class AsWorker {
 public:
  AsWorker() {
    wire::enter_worker({&worker,
                        [](void* self) { return static_cast<FakeWorker*>(self)->stop.load(); },
                        [](void* self, double fraction, std::string_view message) {
                          static_cast<FakeWorker*>(self)->fraction = fraction;
                          static_cast<FakeWorker*>(self)->message = message;
                        }});
  }
  ~AsWorker() {
    wire::end_task();
    wire::enter_worker({});
  }
  FakeWorker worker;
};

}  // namespace

TEST_CASE("outside a task there is no task, and nothing is to stop") {
  CHECK(this_task::attempt() == 0);
  CHECK(this_task::id() == "");
  CHECK_FALSE(this_task::stop_requested());
  CHECK_FALSE(this_task::stop_token().stop_possible());
  this_task::progress(0.5, "nobody listens");
}

TEST_CASE("a task knows its id and attempt, and only while it runs") {
  AsWorker as;
  CHECK(this_task::in_worker());
  wire::begin_task(17, 2);
  CHECK(this_task::id() == "17");
  CHECK(this_task::attempt() == 2);
  wire::end_task();
  CHECK(this_task::id() == "");
  CHECK(this_task::attempt() == 0);
}

TEST_CASE("a stop fires the token of the task it is meant for") {
  AsWorker as;
  wire::begin_task(1, 1);
  const auto token = this_task::stop_token();
  wire::fire_stop_token(2);
  CHECK_FALSE(token.stop_requested());
  as.worker.stop = true;
  wire::fire_stop_token(1);
  CHECK(this_task::stop_requested());
  CHECK(token.stop_requested());
  CHECK(this_task::stop_token() == token);
  wire::end_task();
  as.worker.stop = false;
  wire::begin_task(2, 1);
  CHECK_FALSE(this_task::stop_token().stop_requested());
}

TEST_CASE("a token that is asked for after the stop is already fired") {
  AsWorker as;
  wire::begin_task(1, 1);
  as.worker.stop = true;
  wire::fire_stop_token(1);
  CHECK(this_task::stop_token().stop_requested());
}

TEST_CASE("progress is kept between 0 and 1, what is no number is dropped") {
  AsWorker as;
  wire::begin_task(1, 1);
  this_task::progress(0.25, "a quarter");
  CHECK(as.worker.fraction == 0.25);
  CHECK(as.worker.message == "a quarter");
  this_task::progress(7);
  CHECK(as.worker.fraction == 1);
  this_task::progress(std::nan(""));
  CHECK(as.worker.fraction == 1);
}
