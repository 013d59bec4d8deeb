// SPDX-License-Identifier: MIT
// message_test.cpp - header frames survive the way there and back; anything else is refused.
#include <procfarm/wire/message.hpp>

#include <doctest/doctest.h>

#include <string>

#include <procfarm/codec.hpp>

namespace procfarm::wire {
namespace {

ToWorker sent_to_worker(const ToWorker& message) {
  const std::string bytes = encode(message);
  return decode_to_worker(bytes.data(), bytes.size());
}

FromWorker sent_from_worker(const FromWorker& message) {
  const std::string bytes = encode(message);
  return decode_from_worker(bytes.data(), bytes.size());
}

Run small_run() {
  Run run;
  run.first_sequence = 9;
  run.tasks = {1, 1ULL << 40};
  run.attempts = {1, 7};
  run.functions = {3, (5ULL << 32) | 2};
  run.sizes = {0, 12};
  return run;
}

}  // namespace

TEST_CASE("a batch arrives with all its columns") {
  const auto run = std::get<Run>(sent_to_worker(small_run()));
  CHECK(run.first_sequence == 9);
  CHECK(run.tasks == small_run().tasks);
  CHECK(run.attempts == small_run().attempts);
  CHECK(run.functions == small_run().functions);
  CHECK(run.sizes == small_run().sizes);
}

TEST_CASE("modules arrive with build-id and digest") {
  const auto modules = std::get<Modules>(sent_to_worker(Modules{4, {{"abc", 17}, {"", 0}}}));
  CHECK(modules.first == 4);
  REQUIRE(modules.modules.size() == 2);
  CHECK(modules.modules[0] == ModuleName{"abc", 17});
}

TEST_CASE("messages without content keep their kind") {
  CHECK(std::holds_alternative<Leave>(sent_to_worker(Leave{})));
  CHECK(std::holds_alternative<Ready>(sent_from_worker(Ready{})));
  CHECK(std::get<Failed>(sent_from_worker(Failed{"why"})).failure == "why");
}

TEST_CASE("a greeting arrives whole") {
  const auto hello = std::get<Hello>(
      sent_from_worker(Hello{.token = std::string(16, '\0'), .life = {3, 8}, .pid = 77}));
  CHECK(hello.version == protocol_version);
  CHECK(hello.token == std::string(16, '\0'));
  CHECK(hello.life == SeatLife{3, 8});
  CHECK(hello.pid == 77);
}

TEST_CASE("every truncation and every trailing byte of a message is refused") {
  for (const ToWorker& message :
       {ToWorker(small_run()), ToWorker(Modules{1, {{"x", 2}}}), ToWorker(Leave{})}) {
    const std::string bytes = encode(message);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CHECK_THROWS_AS(decode_to_worker(bytes.data(), size), CodecError);
    }
    const std::string longer = bytes + '\0';
    CHECK_THROWS_AS(decode_to_worker(longer.data(), longer.size()), CodecError);
  }
}

TEST_CASE("unknown kinds, wrong arity and other nonsense are refused") {
  const auto refused = [](const std::string& bytes) {
    CHECK_THROWS_AS(decode_from_worker(bytes.data(), bytes.size()), CodecError);
    CHECK_THROWS_AS(decode_to_worker(bytes.data(), bytes.size()), CodecError);
  };
  refused("");
  refused("\x91\x09");
  refused("\x92\x01\x01\x01");
  refused("\xc1");
  refused("\xdd\xff\xff\xff\xff");
  refused("\x91\xff");
}

TEST_CASE("columns of different lengths or odd sizes are refused") {
  Run run = small_run();
  SUBCASE("different lengths") { run.sizes.pop_back(); }
  SUBCASE("too many tasks for any worker") {
    run.tasks.resize(100'000);
    run.attempts.resize(100'000);
    run.functions.resize(100'000);
    run.sizes.resize(100'000);
  }
  const std::string bytes = encode(ToWorker(run));
  CHECK_THROWS_AS(decode_to_worker(bytes.data(), bytes.size()), CodecError);
}

TEST_CASE("a frame for a worker is payload and header, and nothing else is one") {
  const std::string payload("\0any bytes\xff", 11);
  const std::string whole = frame(ToWorker(small_run()), payload);
  const FrameParts parts = split_frame(whole);
  CHECK(parts.payload == payload);
  CHECK(std::get<Run>(decode_to_worker(parts.header.data(), parts.header.size())).tasks ==
        small_run().tasks);
  const std::string leave = frame(ToWorker(Leave{}));
  CHECK(split_frame(leave).payload.empty());
  for (std::size_t size = 0; size < 4; ++size) {
    CHECK_THROWS_AS(split_frame(whole.substr(0, size)), CodecError);
  }
  CHECK_THROWS_AS(split_frame(leave.substr(1)), CodecError);
  CHECK_THROWS_AS(split_frame(std::string(8, '\xff')), CodecError);
}

}  // namespace procfarm::wire
