// SPDX-License-Identifier: MIT
// end_journal_test.cpp - an end is in the file until it is committed, whole and in order, also when
// the ring comes round, and when the process that wrote it was killed.
#include "coordinator/cli/end_journal.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "coordinator/cli/run_notes.hpp"
#include "coordinator/cli/run_store.hpp"
#include "run_fixture.hpp"

namespace procfarm::cli {
namespace {

AttemptFinished end_with(std::uint64_t index, std::size_t output) {
  AttemptFinished end = passed(0, index);
  end.stdout_bytes = std::string(output, static_cast<char>('a' + index % 26));
  return end;
}

/// One change of the file, made from outside.
void overwrite(const std::string& file, std::streamoff place, const std::string& bytes) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(place).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  REQUIRE(stream);
}

}  // namespace

TEST_CASE("ends: all of an end is there until it is committed") {
  const ScratchDirectory directory;
  const std::string file = directory / "ends";
  EndJournal journal(file);
  AttemptFinished first = failed(4, 7, 2);
  first.settled = false;
  first.signal = 9;
  first.exit_code.reset();
  first.cpu_time = std::chrono::nanoseconds(3);
  first.peak_memory = 5'000'000'000;
  first.error_type = "Bad";
  first.error_message = "it broke";
  first.hash = std::string("\0\xff\x80 hash", 8);
  first.instances = 3;
  first.stdout_bytes = std::string("\0\xfe", 2);
  first.stderr_bytes = "err";
  AttemptFinished second = passed(0, 1);
  second.result = "";
  second.exit_code = 0;
  CHECK(journal.add(first));
  journal.handed_over(20);
  CHECK(journal.add(second));
  journal.handed_over(21);

  const auto found = EndJournal::read(file);
  REQUIRE(found.size() == 2);
  const AttemptFinished& end = found[0];
  CHECK(end.key == first.key);
  CHECK(end.outcome == AttemptOutcome::failed);
  CHECK_FALSE(end.settled);
  CHECK(end.cause == "exit");
  CHECK(end.worker_pid == 913);
  CHECK(end.started == first.started);
  CHECK(end.finished == first.finished);
  CHECK_FALSE(end.exit_code);
  CHECK(end.signal == 9);
  CHECK(end.cpu_time == first.cpu_time);
  CHECK(end.peak_memory == first.peak_memory);
  CHECK(end.error_type == "Bad");
  CHECK(end.error_message == "it broke");
  CHECK(end.label == "level=9");
  CHECK(end.hash == first.hash);
  CHECK(end.instances == 3);
  CHECK_FALSE(end.result);
  CHECK(end.stdout_bytes == first.stdout_bytes);
  CHECK(end.stderr_bytes == "err");
  CHECK(found[1].settled);
  CHECK(found[1].result == "");
  CHECK(found[1].exit_code == 0);

  journal.committed(19);
  CHECK(EndJournal::read(file).size() == 2);
  journal.committed(20);
  REQUIRE(EndJournal::read(file).size() == 1);
  CHECK(EndJournal::read(file)[0].key == second.key);
  journal.committed(21);
  CHECK(EndJournal::read(file).empty());
  journal.remove();
  CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("ends: the ring comes round, and what has no room is refused until there is some") {
  const ScratchDirectory directory;
  const std::string file = directory / "ends";
  EndJournal journal(file);
  CHECK_FALSE(journal.add(end_with(0, EndJournal::capacity)));
  std::uint64_t added = 0;
  std::uint64_t committed = 0;
  std::size_t output = 1;
  while (added < 3000) {  // several hundred rounds, with entries across the seam
    output = (output * 31 + 7) % 100'000;
    if (!journal.add(end_with(added, output))) {
      REQUIRE(added > committed + 1);
      committed += (added - committed) / 2;
      journal.committed(committed);
      continue;
    }
    journal.handed_over(++added);
    if (added % 100 != 0) continue;
    const auto found = EndJournal::read(file);
    REQUIRE(found.size() == added - committed);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const std::uint64_t index = committed + i;
      REQUIRE(found[i].key.instance.index == index);
      REQUIRE(found[i].stdout_bytes.find_first_not_of(static_cast<char>('a' + index % 26)) ==
              std::string::npos);
    }
  }
  journal.committed(added);
  CHECK(EndJournal::read(file).empty());
}

TEST_CASE("ends: a file that is damaged says no more than what is whole") {
  const ScratchDirectory directory;
  const std::string file = directory / "ends";
  CHECK(EndJournal::read(directory / "none").empty());
  CHECK(EndJournal::read(directory.write("text", std::string(2'000'000, 'x'))).empty());
  EndJournal journal(file);
  for (std::uint64_t index = 0; index < 3; ++index) {
    CHECK(journal.add(end_with(index, 1000)));
    journal.handed_over(index + 1);
  }
  REQUIRE(EndJournal::read(file).size() == 3);
  SUBCASE("in a record") {
    overwrite(file, 1500, "?");  // of the second
    CHECK(EndJournal::read(file).size() == 1);
  }
  SUBCASE("in a size") {
    overwrite(file, 32, std::string(8, '\xff'));  // behind the place and the checksum of the first
    CHECK(EndJournal::read(file).empty());
  }
  SUBCASE("in its head") {
    overwrite(file, 0, "?");
    CHECK(EndJournal::read(file).empty());
  }
  SUBCASE("cut short") {
    std::filesystem::resize_file(file, 4000);
    CHECK(EndJournal::read(file).empty());
  }
}

TEST_CASE("ends: while rows move, and without room, an end counts as an attempt that runs") {
  const RunBench bench;
  const auto noted_ends = [&] { return EndJournal::read(bench.directory.end_journal()).size(); };
  const auto in_flight = [&] {
    return InFlightFile::read(bench.directory.in_flight_file()).size();
  };
  RunNotes notes(bench.directory);
  AttemptFinished end = passed(0, 0);
  SUBCASE("rows move") { notes.rows_move(7); }
  SUBCASE("no room") { end.stdout_bytes = std::string(EndJournal::capacity, 'x'); }
  CHECK_FALSE(notes.ended(end));
  notes.handed_over(end.key, 8);
  CHECK(noted_ends() == 0);
  CHECK(in_flight() == 1);
  notes.committed(8);
  CHECK(in_flight() == 0);
}

TEST_CASE("ends: what is not committed at the end stays noted, what is leaves no file") {
  const RunBench bench;
  RunNotes notes(bench.directory);
  notes.begun(started(0, 1));
  CHECK(notes.ended(passed(0, 1)));
  notes.handed_over(passed(0, 1).key, 9);
  SUBCASE("all is committed") {
    notes.committed(9);
    notes.finish();
    CHECK_FALSE(std::filesystem::exists(bench.directory.end_journal()));
  }
  SUBCASE("the database failed") {
    notes.finish();
    CHECK(EndJournal::read(bench.directory.end_journal()).size() == 1);
  }
  CHECK_FALSE(std::filesystem::exists(bench.directory.in_flight_file()));
}

TEST_CASE("ends: what a killed process had not committed is in the database when reopened") {
  const RunBench bench;
  const pid_t child = ::fork();
  if (child == 0) {  // without a thread: sanitizers allow none after a fork
    const auto store = RunStore::create(bench.directory, description_of(bench.directory), false);
    EndJournal journal(bench.directory.end_journal());
    store->begin();
    store->write(task_named(0, "pack"));
    store->write(failed(0, 1, 1));  // and settled, until the run was resumed
    store->write(passed(0, 2, 2));  // what the journal says of it is older
    store->commit();
    for (const AttemptFinished& end : {end_with(0, 10), passed(0, 1, 2), failed(0, 2, 1)}) {
      journal.add(end);
    }
    ::raise(SIGKILL);
  }
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  SUBCASE("reopened") { RunStore::reopen(bench.directory, description_of(bench.directory), false); }
  SUBCASE("recovered") { RunStore::recover(bench.directory); }
  CHECK(bench.read().attempts({0, 0}).at(0).attempt.outcome == AttemptOutcome::passed);
  std::string output;
  bench.read().visit_outputs(
      {.task = "pack", .first = 0, .last = 0},
      [&output](const RecordedAttempt& each) { output = each.attempt.stdout_bytes; });
  CHECK(output == "aaaaaaaaaa");
  const auto attempts = bench.read().attempts({0, 1});
  REQUIRE(attempts.size() == 2);
  CHECK_FALSE(attempts[0].attempt.settled);
  CHECK(attempts[1].attempt.settled);
  const auto newer = bench.read().attempts({0, 2});
  REQUIRE(newer.size() == 1);
  CHECK(newer[0].attempt.outcome == AttemptOutcome::passed);
  CHECK(newer[0].attempt.settled);
}

}  // namespace procfarm::cli
