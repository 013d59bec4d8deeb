// SPDX-License-Identifier: MIT
// doorbell_test.cpp - when a worker wakes the coordinator, and when the coordinator may sleep.
#include <procfarm/wire/doorbell.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <thread>

namespace {

using namespace procfarm::wire;

/// A worker and its coordinator, in one thread.
struct Bell {
  Seat seat = Seat::create();
  ResultWriter writer{seat};
  ResultReader reader{seat};
  UniqueFd eventfd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  Doorbell doorbell{seat.page(), UniqueFd(::dup(eventfd.get()))};
  std::uint64_t rests = 0;

  void finish_task(bool more_follow) {
    REQUIRE(writer.write({}, "result"));
    doorbell.ring(more_follow);
  }
  bool lie_down(Depth depth) {
    return procfarm::wire::lie_down(seat.page(), reader, rest_word(++rests, depth));
  }
  void collect() {
    while (reader.next()) {
    }
    reader.release();
  }
  /// How often it was rung since it was asked last.
  std::uint64_t rung() const {
    std::uint64_t count = 0;
    return ::read(eventfd.get(), &count, sizeof count) == sizeof count ? count : 0;
  }
};

}  // namespace

TEST_CASE("nobody rings while the coordinator is awake") {
  Bell bell;
  bell.finish_task(true);
  bell.finish_task(false);
  CHECK(bell.rung() == 0);
  CHECK(bell.reader.waiting());
}

TEST_CASE("a coordinator that sleeps is rung once for each rest, whatever follows") {
  Bell bell;
  REQUIRE(bell.lie_down(Depth::asleep));
  bell.finish_task(true);
  CHECK(bell.rung() == 1);
  bell.finish_task(true);
  bell.finish_task(false);
  CHECK(bell.rung() == 0);
  rise(bell.seat.page());
  bell.collect();
  REQUIRE(bell.lie_down(Depth::asleep));
  bell.finish_task(false);
  CHECK(bell.rung() == 1);
}

TEST_CASE("in a stream of results only an urgent one wakes the coordinator") {
  Bell bell;
  REQUIRE(bell.lie_down(Depth::pacing));
  bell.finish_task(true);
  CHECK(bell.rung() == 0);
  bell.finish_task(false);
  CHECK(bell.rung() == 1);
}

TEST_CASE("the coordinator does not sleep over a result, and paces over one that is not urgent") {
  Bell bell;
  bell.finish_task(true);
  CHECK(!bell.lie_down(Depth::asleep));
  CHECK(bell.lie_down(Depth::pacing));
  rise(bell.seat.page());
  bell.finish_task(false);
  CHECK(!bell.lie_down(Depth::pacing));
  bell.collect();
  CHECK(bell.lie_down(Depth::pacing));
  CHECK(bell.lie_down(Depth::asleep));
}

TEST_CASE("an urgency that nothing was published for keeps nobody awake") {
  Bell bell;
  bell.seat.page().urgent = ~std::uint64_t{0};
  CHECK(bell.lie_down(Depth::pacing));
  CHECK(bell.lie_down(Depth::asleep));
}

TEST_CASE("no result is forgotten, whichever side is quicker") {
  Bell bell;
  constexpr int count = 20'000;
  std::thread worker([&bell] {
    for (int i = 0; i < count; ++i) {
      while (!bell.writer.write({}, "")) std::this_thread::yield();
      bell.doorbell.ring(i % 3 != 0 && i + 1 < count);
    }
  });
  // Blocks for ever if a wake-up is missing; the hang guard tells.
  REQUIRE(::fcntl(bell.eventfd.get(), F_SETFL, 0) == 0);
  int collected = 0;
  while (collected < count) {
    for (; bell.reader.next(); ++collected) {
    }
    bell.reader.release();
    if (collected < count && bell.lie_down(Depth::asleep)) CHECK(bell.rung() >= 1);
    rise(bell.seat.page());
  }
  worker.join();
  CHECK(collected == count);
}
