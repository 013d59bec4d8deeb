// SPDX-License-Identifier: MIT
// instance_feed_test.cpp - rows by their index, in another order than they stand in the data.
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "coordinator/cli/instance_feed.hpp"
#include "job_support.hpp"
#include "scratch_directory.hpp"

namespace procfarm::cli {
namespace {

InstanceFeed feed_of(
    const std::string& data, bool keeps, std::function<void()> arrived = [] {}) {
  const auto job = std::make_shared<const Job>(
      job_of("[[task]]\nname = \"a\"\nshell = \"true\"\nforeach = " + data));
  return {job, std::shared_ptr<const TaskSpec>(job, &job->tasks[0]), keeps, std::move(arrived)};
}

InstanceFeed feed_of_two(bool keeps) { return feed_of("{ range = [5, 6] }", keeps); }

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

TEST_CASE("a row far away in a range or behind a skip is reached at once") {
  const auto far = [](const char* data) {
    const InstanceFeed::Answer answer = feed_of(data, false).take(4'000'000'000'000'000);
    REQUIRE(answer.state == InstanceFeed::State::instance);
    CHECK(answer.instance->index == 4'000'000'000'000'000);
    return answer.instance->row.fields.at(0).second.get<std::int64_t>();
  };
  CHECK(far("{ range = [1, 5000000000000000] }") == 4'000'000'000'000'001);
  CHECK(far("{ range = [1, 5000000000000000], skip = 1000000000 }") == 4'000'001'000'000'001);
  InstanceFeed short_of_it = feed_of("{ range = [1, 10], limit = 7 }", false);
  CHECK(short_of_it.take(8).state == InstanceFeed::State::later);
  const InstanceFeed::Answer end = short_of_it.take(8);
  CHECK(end.state == InstanceFeed::State::end);
  CHECK(end.count == 7);
}

TEST_CASE("the way over many rows of a file is gone in parts, others have their turn between") {
  constexpr int lines = 30'000;
  std::string text;
  for (int i = 0; i < lines; ++i) text += std::to_string(i) + '\n';
  const ScratchDirectory directory;
  const std::string data = "{ lines = '" + directory.write("lines", text) + "' }";
  for (const bool keeps : {false, true}) {
    int calls = 0;
    InstanceFeed feed = feed_of(data, keeps, [&calls] { ++calls; });
    int put_off = 0;
    InstanceFeed::Answer answer = feed.take(lines - 1);
    for (; answer.state == InstanceFeed::State::later; ++put_off) answer = feed.take(lines - 1);
    CHECK(put_off > 1);
    CHECK(calls == put_off);
    REQUIRE(answer.instance);
    CHECK(answer.instance->row.fields.at(0).second == std::to_string(lines - 1));
    CHECK(feed.find_end() == lines);
  }
}

}  // namespace
}  // namespace procfarm::cli
