// SPDX-License-Identifier: MIT
// seat_test.cpp - the slots' compare-and-swap, the ring of results, and what a hostile worker
// writes.
#include <procfarm/wire/seat.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include <procfarm/wire/packet.hpp>

namespace procfarm::wire {
namespace {

std::string next_bytes(ResultReader& reader, const ResultRecord& record) {
  std::string bytes(record.size, '\0');
  reader.read(record, bytes.data());
  return bytes;
}

ResultRecord record_of(Sequence sequence) {
  ResultRecord record;
  record.sequence = sequence;
  record.task = sequence + 100;
  return record;
}

}  // namespace

TEST_CASE("a queued task is begun once and cannot be taken back after that") {
  const Seat seat = Seat::create();
  queue_slot(seat.page(), 7);
  CHECK_FALSE(has_begun(seat.page(), 7));
  CHECK(begin_slot(seat.page(), 7, 42));
  CHECK(has_begun(seat.page(), 7));
  CHECK(seat.page().begun_at.load() == 42);
  CHECK_FALSE(take_slot(seat.page(), 7));
  CHECK_FALSE(begin_slot(seat.page(), 7, 43));
}

TEST_CASE("a task that was taken back is never begun") {
  const Seat seat = Seat::create();
  queue_slot(seat.page(), 3);
  CHECK(take_slot(seat.page(), 3));
  CHECK_FALSE(begin_slot(seat.page(), 3, 1));
  CHECK_FALSE(has_begun(seat.page(), 3));
}

TEST_CASE("a number of an earlier round of the slots is not taken for a later one") {
  const Seat seat = Seat::create();
  queue_slot(seat.page(), 5);
  queue_slot(seat.page(), 5 + slot_count);
  CHECK_FALSE(take_slot(seat.page(), 5));
  CHECK_FALSE(begin_slot(seat.page(), 5, 1));
  CHECK(begin_slot(seat.page(), 5 + slot_count, 1));
}

TEST_CASE("results come out as they went in, many times around the ring") {
  Seat seat = Seat::create();
  ResultWriter writer(seat);
  ResultReader reader(seat);
  for (Sequence i = 0; i < 2000; ++i) {
    const std::string bytes(i * 37 % 3000, static_cast<char>('a' + i % 26));
    REQUIRE(writer.write(record_of(i), bytes));
    const auto record = reader.next();
    REQUIRE(record != nullptr);
    CHECK(record->sequence == i);
    CHECK(record->task == i + 100);
    CHECK(next_bytes(reader, *record) == bytes);
    CHECK(reader.next() == nullptr);
    reader.release();
  }
}

TEST_CASE("a full ring takes no more until the coordinator has read, and loses nothing") {
  Seat seat = Seat::create();
  ResultWriter writer(seat);
  ResultReader reader(seat);
  const std::string bytes(1000, 'x');
  Sequence written = 0;
  while (writer.write(record_of(written), bytes)) ++written;
  CHECK(written > 100);
  Sequence read = 0;
  while (const auto record = reader.next()) CHECK(record->sequence == read++);
  CHECK(read == written);
  CHECK_FALSE(writer.write(record_of(written), bytes));
  reader.release();
  CHECK(writer.write(record_of(written), bytes));
}

TEST_CASE("a large result goes through the arena, and its room is used again") {
  Seat seat = Seat::create();
  ResultWriter writer(seat);
  ResultReader reader(seat);
  for (Sequence i = 0; i < 3; ++i) {
    const std::string bytes(5 << 20, static_cast<char>('a' + i));
    REQUIRE(writer.write(record_of(i), bytes));
    const auto record = reader.next();
    REQUIRE(record != nullptr);
    CHECK(record->arena_offset == 0);
    CHECK(next_bytes(reader, *record) == bytes);
    reader.release();
  }
}

TEST_CASE("what the other side adopts is the same memory") {
  const Seat seat = Seat::create();
  Seat other = Seat::adopt(UniqueFd(::dup(seat.page_fd())), UniqueFd(::dup(seat.arena_fd())),
                           UniqueFd(::dup(seat.stop_fd())));
  CHECK_FALSE(other.hear_stop());
  seat.ask_to_stop(7);
  CHECK(other.hear_stop());
  CHECK_FALSE(other.hear_stop());
  CHECK(other.page().stop == 8);
  queue_slot(seat.page(), 1);
  CHECK(begin_slot(other.page(), 1, 5));
  CHECK(has_begun(seat.page(), 1));
}

TEST_CASE(
    "a worker can neither shrink what the coordinator reads nor seal it, nor change a config") {
  const Seat seat = Seat::create();
  for (const int fd : {seat.page_fd(), seat.arena_fd()}) {
    struct stat before {};
    ::fstat(fd, &before);
    CHECK((before.st_size == 0 || ::ftruncate(fd, before.st_size - 1) != 0));
    CHECK(::fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) != 0);
  }
  CHECK(::ftruncate(seat.page_fd(), sizeof(SeatPage) + 1) != 0);  // only the arena grows
  CHECK(::ftruncate(seat.arena_fd(), 1) == 0);
  CHECK(::ftruncate(seat.arena_fd(), 0) != 0);
  const UniqueFd config = make_memory_file("procfarm-test", "token");
  CHECK(::pwrite(config.get(), "x", 1, 0) != 1);
  CHECK(::ftruncate(config.get(), 0) != 0);
  CHECK(read_whole_file(config.get()) == "token");
}

TEST_CASE("a ring that claims an impossible fill or size is refused") {
  Seat seat = Seat::create();
  ResultReader reader(seat);
  SUBCASE("more than the ring holds") { seat.page().ring_written = ring_size + 8; }
  SUBCASE("less than a record's head") { seat.page().ring_written = 8; }
  SUBCASE("a body longer than what was published") {
    ResultRecord record;
    record.size = 4096;
    std::memcpy(seat.page().ring, &record, sizeof record);
    seat.page().ring_written = sizeof record;
  }
  SUBCASE("a size beyond the limit of payloads") {
    ResultRecord record;
    record.size = std::uint64_t{1} << 60;
    record.arena_offset = 0;
    std::memcpy(seat.page().ring, &record, sizeof record);
    seat.page().ring_written = sizeof record;
  }
  SUBCASE("an unknown kind") {
    ResultRecord record;
    record.kind = static_cast<ResultKind>(9);
    std::memcpy(seat.page().ring, &record, sizeof record);
    seat.page().ring_written = sizeof record;
  }
  CHECK_THROWS_AS(reader.next(), std::runtime_error);
}

TEST_CASE("a worker that writes over what has not been given back is refused, not read for ever") {
  Seat seat = Seat::create();
  ResultReader reader(seat);  // zeros are records without bytes
  std::uint64_t written = 0;
  const auto read_on = [&] {
    for (int i = 0; i < 100'000; ++i) {
      written += sizeof(ResultRecord);
      seat.page().ring_written = written;
      const auto record = reader.next();
      REQUIRE(record != nullptr);
    }
  };
  CHECK_THROWS_AS(read_on(), std::runtime_error);
  CHECK(written > ring_size);
  CHECK(written < ring_size + 2 * sizeof(ResultRecord));
}

TEST_CASE("a ring whose fill goes backwards is refused") {
  Seat seat = Seat::create();
  ResultReader reader(seat);
  seat.page().ring_written = 2 * sizeof(ResultRecord);
  REQUIRE(reader.next() != nullptr);
  REQUIRE(reader.next() != nullptr);
  seat.page().ring_written = sizeof(ResultRecord);
  CHECK_THROWS_AS(reader.next(), std::runtime_error);
}

TEST_CASE("an arena that is shorter than its record says is refused") {
  Seat seat = Seat::create();
  ResultRecord record;
  record.size = 100'000;
  record.arena_offset = 0;
  std::memcpy(seat.page().ring, &record, sizeof record);
  seat.page().ring_written = sizeof record;
  ResultReader reader(seat);
  const auto found = reader.next();
  REQUIRE(found != nullptr);
  std::string bytes(found->size, '\0');
  CHECK_THROWS_AS(reader.read(*found, bytes.data()), std::runtime_error);
}

TEST_CASE("of a worker that was given up nothing is waiting any more, whatever it writes") {
  Seat seat = Seat::create();
  ResultReader reader(seat);
  seat.page().ring_written = 2 * sizeof(ResultRecord);
  seat.page().urgent = 2 * sizeof(ResultRecord);
  seat.page().open = std::uint64_t{1} << 32;
  REQUIRE(reader.waiting());
  REQUIRE(reader.urgent());
  REQUIRE(reader.open_record().has_value());
  reader.give_up();
  CHECK_FALSE(reader.waiting());
  CHECK_FALSE(reader.urgent());
  CHECK(reader.next() == nullptr);
  CHECK_FALSE(reader.open_record().has_value());
}

TEST_CASE("progress is read only for the task that wrote it") {
  const Seat seat = Seat::create();
  CHECK_FALSE(read_progress(seat.page(), 0).has_value());
  write_progress(seat.page(), 4, 0.25, std::string(500, 'm'));
  CHECK_FALSE(read_progress(seat.page(), 3).has_value());
  const auto progress = read_progress(seat.page(), 4);
  REQUIRE(progress.has_value());
  CHECK(progress->fraction == 0.25);
  CHECK(progress->message == std::string(119, 'm'));
}

}  // namespace procfarm::wire
