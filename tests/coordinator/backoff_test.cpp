// SPDX-License-Identifier: MIT
// backoff_test.cpp - delays at the edges of what numbers can say.
#include <doctest/doctest.h>

#include <chrono>

#include "coordinator/backoff.hpp"

using namespace std::chrono_literals;
using procfarm::Duration;
using procfarm::grown;

TEST_CASE("a delay grows up to its limit") {
  CHECK(grown(10ms, 2, 0, 1s) == 10ms);
  CHECK(grown(10ms, 2, 3, 1s) == 80ms);
  CHECK(grown(10ms, 2, 30, 1s) == 1s);
  CHECK(grown(10ms, 0.5, 2000, 1s) == 0ms);
  CHECK(grown(10ms, 1e300, 3, 1s) == 1s);
  CHECK(grown(Duration::max(), 1, 1, Duration::max()) == Duration::max());
}

TEST_CASE("no delay stays none, however often it grows") {
  CHECK(grown(0ms, 2, 5000, 1min) == 0ms);
  CHECK(grown(0ms, 1e300, 2, 1min) == 0ms);
}
