// SPDX-License-Identifier: MIT
// in_flight_file_test.cpp - what runs is in the file until its end is committed, also when the
// process that wrote it was killed.
#include "coordinator/cli/in_flight_file.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "coordinator/cli/run_store.hpp"
#include "run_fixture.hpp"

namespace procfarm::cli {
namespace {

const std::string hash(16, 'h');

AttemptStarted begun(std::uint64_t index, int attempt = 1) {
  return {.key = {{0, index}, attempt}, .worker_pid = 913, .started = noon, .hash = hash};
}

}  // namespace

TEST_CASE("in flight: an attempt is there from its begin until its end is committed") {
  const ScratchDirectory directory;
  const std::string file = directory / "in-flight";
  InFlightFile in_flight(file);
  in_flight.begun(begun(7, 3));
  in_flight.begun(begun(7, 3));
  in_flight.begun(begun(8));
  auto found = InFlightFile::read(file);
  REQUIRE(found.size() == 2);
  CHECK(found[0].key == AttemptKey{{0, 7}, 3});
  CHECK(found[0].worker_pid == 913);
  CHECK(found[0].started == noon);
  CHECK(found[0].hash == hash);

  in_flight.ended({{0, 7}, 3}, 20);
  in_flight.committed(19);
  CHECK(InFlightFile::read(file).size() == 2);
  in_flight.committed(20);
  found = InFlightFile::read(file);
  REQUIRE(found.size() == 1);
  CHECK(found[0].key == AttemptKey{{0, 8}, 1});
  in_flight.remove();
  CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("in flight: slots are used again, and more than there are do no harm") {
  const ScratchDirectory directory;
  const std::string file = directory / "in-flight";
  InFlightFile in_flight(file);
  for (std::uint64_t index = 0; index < 10'000; ++index) {
    in_flight.begun(begun(index));
    in_flight.ended(begun(index).key, index);
    in_flight.committed(index);
  }
  CHECK(InFlightFile::read(file).empty());
  for (std::uint64_t index = 0; index < 10'000; ++index) in_flight.begun(begun(index));
  CHECK(InFlightFile::read(file).size() == 4096);
}

TEST_CASE("in flight: a file that is none of ours says nothing") {
  const ScratchDirectory directory;
  CHECK(InFlightFile::read(directory / "none").empty());
  CHECK(InFlightFile::read(directory.write("text", std::string(1000, 'x'))).empty());
}

TEST_CASE("in flight: what a killed process had begun is an interrupted attempt when reopened") {
  const RunBench bench;
  const pid_t child = ::fork();
  if (child == 0) {  // without a thread: sanitizers allow none after a fork
    const auto store = RunStore::create(bench.directory, description_of(bench.directory), false);
    InFlightFile in_flight(bench.directory.in_flight_file());
    store->begin();
    store->write(task_named(0, "pack"));
    in_flight.begun(begun(0));
    in_flight.begun(begun(1));
    store->write(passed(0, 0));  // its slot was not freed yet
    store->commit();
    ::raise(SIGKILL);
  }
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  RunStore::reopen(bench.directory, description_of(bench.directory), false);
  CHECK(bench.read().attempts({0, 0}).at(0).attempt.outcome == AttemptOutcome::passed);
  const auto interrupted = bench.read().attempts({0, 1});
  REQUIRE(interrupted.size() == 1);
  CHECK(interrupted[0].attempt.cause == "interrupted");
  CHECK_FALSE(interrupted[0].attempt.settled);
  int losses = 0;
  bench.read().visit_instances([&losses](const EarlierInstance& each) { losses += each.losses; });
  CHECK(losses == 1);
}

TEST_CASE("rows that were put aside are taken back with their output, at another place") {
  const RunBench bench;
  {
    const auto store = RunStore::create(bench.directory, description_of(bench.directory), false);
    AttemptFinished done = passed(0, 3, 2);
    done.result = "result";
    done.stdout_bytes = "output";
    store->begin();
    store->write(task_named(0, "pack"));
    store->write(failed(0, 3, 1));
    store->write(done);
    store->commit();
  }
  const auto store = RunStore::reopen(bench.directory, description_of(bench.directory), false);
  store->begin();
  store->write(ShelvedRows{.shelf = 1, .task = 0, .first = 3, .last = 3});
  store->commit();
  CHECK(bench.read().attempts({0, 3}).empty());
  std::uint32_t shelf = 0;
  bench.read().visit_instances([&shelf](const EarlierInstance& each) { shelf = each.shelf; });
  CHECK(shelf == 1);
  store->begin();
  store->write(RestoredRows{.shelf = 1, .from = {0, 3}, .to = {0, 5}});
  store->commit();
  CHECK(bench.read().attempts({0, 5}).size() == 2);
  std::string output;
  bench.read().visit_outputs(
      {.task = "pack", .first = 5, .last = 5},
      [&output](const RecordedAttempt& each) { output = each.attempt.stdout_bytes; });
  CHECK(output == "output");
  std::string result;
  bench.read().visit_results({}, [&result](const RecordedResult& each) { result = each.msgpack; });
  CHECK(result == "result");
}

}  // namespace procfarm::cli
