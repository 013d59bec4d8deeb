// SPDX-License-Identifier: MIT
// instance_feed_test.cpp - rows by their index, in another order than they stand in the data.
#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "coordinator/cli/instance_feed.hpp"
#include "job_support.hpp"

namespace procfarm::cli {
namespace {

InstanceFeed feed_of_two(bool keeps) {
  const auto job = std::make_shared<const Job>(
      job_of("[[task]]\nname = \"a\"\nshell = \"true\"\nforeach = { range = [5, 6] }"));
  return {job, std::shared_ptr<const TaskSpec>(job, &job->tasks[0]), keeps, [] {}};
}

TEST_CASE("a row that was passed over is there if rows are kept") {
  InstanceFeed feed = feed_of_two(true);
  CHECK(feed.take(1).instance->index == 1);
  CHECK(feed.take(0).instance->index == 0);
  const InstanceFeed::Answer end = feed.take(2);
  CHECK(end.state == InstanceFeed::State::end);
  CHECK(end.count == 2);
}

TEST_CASE("a row that was dropped is not the end of the data") {
  InstanceFeed feed = feed_of_two(false);
  CHECK(feed.take(1).instance->index == 1);
  CHECK_THROWS_AS(feed.take(0), std::logic_error);
}

}  // namespace
}  // namespace procfarm::cli
