// SPDX-License-Identifier: MIT
// crash_test.cpp - the matrix of what can go wrong where: {throws, exits, is killed} x {decoding
// the arguments, running, encoding the result, decoding the result here}.
#include <pthread.h>
#include <signal.h>

#include <stdexcept>
#include <string>
#include <vector>

#include <procfarm/this_task.hpp>

#include "deaths.hpp"

using namespace farm;

namespace {

/// Goes the given way when it is decoded in a worker.
struct DecodeTrap {
  Way way = Way::none;
};
/// Goes the given way when it is encoded in a worker.
struct EncodeTrap {
  Way way = Way::none;
};
/// Throws when it is decoded outside a worker.
struct HomeTrap {};
/// Throws when it is decoded, if it is 2.
struct NeverTwo {
  int value = 0;
};
/// Goes the given way when it is destroyed in a worker.
struct Bomb {
  explicit Bomb(Way chosen) : way(chosen) {}
  Bomb(const Bomb&) = default;
  ~Bomb() noexcept(false) {
    if (this_task::in_worker()) go(way);
  }
  Way way;
};

}  // namespace

template <>
struct procfarm::codec<Bomb> {
  static void encode(Writer& writer, const Bomb&) { codec<int>::encode(writer, 1); }
  static Bomb decode(Reader& reader) {
    codec<int>::decode(reader);
    return Bomb(Way::none);
  }
};
template <>
struct procfarm::codec<NeverTwo> {
  static void encode(Writer& writer, const NeverTwo& it) { codec<int>::encode(writer, it.value); }
  static NeverTwo decode(Reader& reader) {
    const int value = codec<int>::decode(reader);
    if (value == 2) throw std::runtime_error("never two");
    return {value};
  }
};
template <>
struct procfarm::codec<DecodeTrap> {
  static void encode(Writer& writer, const DecodeTrap& trap) {
    codec<int>::encode(writer, static_cast<int>(trap.way));
  }
  static DecodeTrap decode(Reader& reader) {
    const auto way = static_cast<Way>(codec<int>::decode(reader));
    go(way);
    return {way};
  }
};
template <>
struct procfarm::codec<EncodeTrap> {
  static void encode(Writer& writer, const EncodeTrap& trap) {
    go(trap.way);
    codec<int>::encode(writer, 1);
  }
  static EncodeTrap decode(Reader& reader) {
    codec<int>::decode(reader);
    return {};
  }
};
template <>
struct procfarm::codec<HomeTrap> {
  static void encode(Writer& writer, const HomeTrap&) { codec<int>::encode(writer, 1); }
  static HomeTrap decode(Reader&) { throw std::runtime_error("not at home"); }
};

namespace {

int crash_decoding(DecodeTrap) { return 1; }
EncodeTrap crash_encoding(Way way) { return {way}; }
HomeTrap crash_at_home() { return {}; }
Bomb make_bomb(Way way) { return Bomb(way); }

NeverTwo never_two(int value) { return {value}; }

/// The text of what is nested in the error of `future`.
template <class T>
std::string cause_of(const Future<T>& future) {
  try {
    std::rethrow_exception(future.exception());
  } catch (const std::exception& error) {
    try {
      std::rethrow_if_nested(error);
    } catch (const std::exception& cause) {
      return cause.what();
    }
  }
  return "";
}

}  // namespace

TEST_CASE("a task that throws fails; its worker goes on") {
  ProcessPoolExecutor pool(1);
  const int worker = pool.submit<process_id>().result();
  CHECK(
      error_of<SerializationError>(pool.submit<crash_decoding>(DecodeTrap{Way::throws})).stage() ==
      "decode arguments");
  CHECK(holds(error_of<std::runtime_error>(pool.submit<crash_running>(Way::throws)).what(),
              "sprung"));
  CHECK(error_of<SerializationError>(pool.submit<crash_encoding>(Way::throws)).stage() ==
        "encode result");
  CHECK(pool.submit<process_id>().result() == worker);
  CHECK(pool.stats().workers_lost == 0);
}

TEST_CASE(
    "a result that cannot be decoded here: the task has succeeded, its value is out of reach") {
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<crash_at_home>();
  const auto error = error_of<SerializationError>(future);
  CHECK(error.stage() == "decode result");
  CHECK(holds(error.what(), "not at home"));
  CHECK(cause_of(future) == "not at home");
  try {
    std::rethrow_exception(future.exception());
  } catch (const SerializationError& same) {
    CHECK(std::string(same.what()) == error.what());
  }
  CHECK(pool.with({.after = {future}}).submit<doubled>(2).result() == 4);
  CHECK(pool.submit<doubled>(21).result() == 42);
}

TEST_CASE(
    "a worker that dies while it decodes the arguments: that task is lost, the pool goes on") {
  ProcessPoolExecutor pool(1);
  for (const Death& death : deaths) {
    CAPTURE(static_cast<int>(death.way));
    check_lost(pool.submit<crash_decoding>(DecodeTrap{death.way}), death);
  }
  CHECK(pool.submit<doubled>(21).result() == 42);
}

TEST_CASE("a worker that dies while it runs a task: that task is lost, the pool goes on") {
  ProcessPoolExecutor pool(1);
  for (const Death& death : deaths) {
    CAPTURE(static_cast<int>(death.way));
    check_lost(pool.submit<crash_running>(death.way), death);
  }
  CHECK(pool.submit<doubled>(21).result() == 42);
}

TEST_CASE("a worker that dies while it encodes the result: that task is lost, the pool goes on") {
  ProcessPoolExecutor pool(1);
  for (const Death& death : deaths) {
    CAPTURE(static_cast<int>(death.way));
    check_lost(pool.submit<crash_encoding>(death.way), death);
  }
  CHECK(pool.submit<doubled>(21).result() == 42);
}

TEST_CASE("the text of a WorkerLost names the signal or the exit code") {
  ProcessPoolExecutor pool(1);
  CHECK(holds(error_of<WorkerLost>(pool.submit<crash_running>(Way::segfault)).what(), "SIGSEGV"));
  CHECK(holds(error_of<WorkerLost>(pool.submit<crash_running>(Way::killed)).what(), "SIGKILL"));
  CHECK(holds(error_of<WorkerLost>(pool.submit<crash_running>(Way::exits_7)).what(), "7"));
}

TEST_CASE("a result that goes wrong when it is destroyed in the worker has been delivered") {
  ProcessPoolExecutor pool(1);
  for (const Way way : {Way::none, Way::throws, Way::exits_7, Way::killed, Way::aborts}) {
    CAPTURE(static_cast<int>(way));
    auto future = pool.submit<make_bomb>(way);
    CHECK(future.exception() == nullptr);
    for (int i = 0; i < 10; ++i) CHECK(pool.submit<doubled>(i).result() == 2 * i);
  }
  CHECK(pool.stats().failed == 0);
  CHECK(pool.stats().late_results == 0);
}

TEST_CASE("an item of a map that cannot be decoded here is named by its own number") {
  ProcessPoolExecutor pool(1);
  CHECK(pool.submit<doubled>(1).result() == 2);  // task 1
  auto values = pool.map<never_two>({.chunksize = 4}, std::vector<int>{0, 0, 2, 0});
  try {
    for (const NeverTwo& each : values) CHECK(each.value == 0);
    FAIL("all of it was decoded");
  } catch (const SerializationError& error) {
    CHECK(error.task_id() == "4");
    CHECK_THROWS_WITH_AS(std::rethrow_if_nested(error), "never two", std::runtime_error);
  }
}

TEST_CASE("a task whose arguments cannot be encoded fails alone") {
  struct Never {
    void msgpack_pack(msgpack::packer<Writer>&) const { throw std::runtime_error("not today"); }
    void msgpack_unpack(const msgpack::object&) {}
  };
  ProcessPoolExecutor pool(1);
  auto future = pool.submit([](const Never&) { return 1; }, Never{});
  CHECK(future.done());
  const auto error = error_of<SerializationError>(future);
  CHECK(error.stage() == "encode arguments");
  CHECK(holds(error.what(), "not today"));
  CHECK(cause_of(future) == "not today");
  CHECK(pool.submit<doubled>(2).result() == 4);
}

TEST_CASE("a task that ends its thread has failed, and says so") {
  ProcessPoolExecutor pool(1);
  const auto error = error_of<RemoteError>(pool.submit([] { ::pthread_exit(nullptr); }));
  CHECK(holds(error.what(), "pthread_exit"));
  CHECK(pool.submit<doubled>(1).result() == 2);
}
