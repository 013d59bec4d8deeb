// SPDX-License-Identifier: MIT
// run_reader_test.cpp - what a run's database answers, also while it is written and when it is
// damaged.
#include "coordinator/cli/run_reader.hpp"

#include <doctest/doctest.h>
#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <string>
#include <vector>

#include "run_fixture.hpp"

namespace procfarm::cli {
namespace {

TEST_CASE("a run is described as it was recorded, and how it ended") {
  const RunBench bench;
  auto writer = bench.write();
  CHECK(bench.read().summary().state == "running");
  CHECK_FALSE(bench.read().summary().exit_code);
  writer->record(RunEnd{"failed", 1, noon + std::chrono::seconds(5)});
  REQUIRE(writer->flush());
  const RunSummary summary = bench.read().summary();
  CHECK(summary.run.id == bench.directory.id());
  CHECK(summary.run.job_text == "name = \"corpus\"\n");
  CHECK(summary.run.workers == 4);
  CHECK(summary.run.started == noon);
  CHECK(summary.state == "failed");
  CHECK(summary.exit_code == 1);
  CHECK(summary.finished == noon + std::chrono::seconds(5));
}

TEST_CASE("a run whose writer is gone without an end is interrupted") {
  const RunBench bench;
  bench.write().reset();
  CHECK(bench.read().summary().state == "interrupted");
}

TEST_CASE(
    "tasks are counted by how their instances ended, attempts that are followed by another not") {
  const RunBench bench;
  auto writer = bench.write();
  writer->record(task_named(0, "tar"));
  writer->record(task_named(1, "pack"));
  writer->record(InstanceCount{1, 6});
  AttemptFinished first = failed(1, 0);
  first.settled = false;
  writer->record(first);
  writer->record(passed(1, 0, 2));
  writer->record(failed(1, 1));
  writer->record(AttemptFinished{.key = {{1, 2}, 0}, .outcome = AttemptOutcome::skipped});
  writer->record(AttemptFinished{.key = {{1, 3}, 0}, .outcome = AttemptOutcome::cancelled});
  writer->record(started(1, 4));
  REQUIRE(writer->flush());
  const auto tasks = bench.read().tasks();
  REQUIRE(tasks.size() == 2);
  CHECK(tasks[0].task.name == "tar");
  CHECK(tasks[0].passed == 0);
  const TaskSummary& pack = tasks[1];
  CHECK(pack.task.instances == 6);
  CHECK(pack.passed == 1);
  CHECK(pack.failed == 1);
  CHECK(pack.skipped == 1);
  CHECK(pack.cancelled == 1);
  CHECK(pack.running == 1);
  CHECK(pack.retries == 1);
}

TEST_CASE("times of a damaged database that no clock shows are cut") {
  const RunBench bench;
  auto writer = bench.write();
  writer->record(task_named(0, "pack"));
  writer->record(started(0, 0));
  REQUIRE(writer->flush());
  writer.reset();
  SQLite::Database database(bench.directory.database().string(), SQLite::OPEN_READWRITE);
  const auto start_with = [&](const char* microseconds) {
    database.exec(std::string("UPDATE attempts SET started_us = ") + microseconds);
    return bench.read().running(1).at(0).attempt.started;
  };
  CHECK(start_with("-8212792489922284704") == TimePoint{});
  CHECK(start_with("9223372036854775807") > noon);
}

TEST_CASE("a failure comes with its error and the end of its stderr") {
  const RunBench bench;
  auto writer = bench.write();
  writer->record(task_named(0, "pack"));
  AttemptFinished attempt = failed(0, 7);
  attempt.error_type = "std::out_of_range";
  attempt.error_message = "no such key";
  attempt.signal = 11;
  attempt.stderr_bytes = std::string(5000, 'a') + "the end";
  writer->record(attempt);
  writer->record(passed(0, 8));
  REQUIRE(writer->flush());
  const auto failures = bench.read().failures(10, 9);
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].instance_name() == "pack[7]");
  CHECK(failures[0].attempt.error_type == "std::out_of_range");
  CHECK(failures[0].attempt.error_message == "no such key");
  CHECK(failures[0].attempt.exit_code == 2);
  CHECK(failures[0].attempt.signal == 11);
  CHECK(failures[0].attempt.stderr_bytes == "aathe end");
  CHECK(failures[0].attempt.label == "level=9");
  CHECK(bench.read().failures(0, 9).empty());
}

TEST_CASE("a selection finds the last attempts by name, index, range, tag and failure") {
  const RunBench bench;
  auto writer = bench.write();
  writer->record(task_named(0, "tar", R"({"tags":["io","slow"]})"));
  writer->record(task_named(1, "pack"));
  writer->record(passed(0, 0));
  for (std::uint64_t i = 0; i < 4; ++i) writer->record(passed(1, i));
  AttemptFinished first = failed(1, 4);
  first.settled = false;
  writer->record(first);
  writer->record(failed(1, 4, 2));
  REQUIRE(writer->flush());
  const auto found = [&](const char* selector, std::optional<int> attempt = {}) {
    RunSelection selection = parse_run_selection(selector);
    selection.attempt = attempt;
    std::string names;
    auto reader = bench.read();
    reader.visit_outputs(selection, [&](const RecordedAttempt& each) {
      names += each.instance_name() + "/" + std::to_string(each.attempt.key.attempt) + " ";
    });
    return names;
  };
  CHECK(found("tar") == "tar[0]/1 ");
  CHECK(found("pack[3]") == "pack[3]/1 ");
  CHECK(found("pack[1-2]") == "pack[1]/1 pack[2]/1 ");
  CHECK(found("tag:io") == "tar[0]/1 ");
  CHECK(found("failed") == "pack[4]/2 ");
  CHECK(found("failed", 1) == "pack[4]/1 ");
  CHECK(found("pack[3-9]") == "pack[3]/1 pack[4]/2 ");
  CHECK_THROWS_WITH_AS(found("tra"), doctest::Contains("no task 'tra'"), RunError);
  CHECK_THROWS_WITH_AS(found("tag:x"), doctest::Contains("no task with the tag 'x'"), RunError);
}

TEST_CASE("a selector that is none shows the accepted forms") {
  for (const char* selector : {"pack[", "pack[]", "[3]", "pack[x]", "pack[3-]", "pack[5-2]", "]"}) {
    CAPTURE(selector);
    if (std::string(selector) == "pack[") {
      CHECK(parse_run_selection(selector).task == "pack[");
      continue;
    }
    CHECK_THROWS_WITH_AS(parse_run_selection(selector), doctest::Contains("name[0-9]"), RunError);
  }
}

TEST_CASE("results come in index order, whatever the order of their coming, also during the run") {
  const RunBench bench;
  auto writer = bench.write();
  writer->record(task_named(0, "digest"));
  writer->record(task_named(1, "other"));
  for (const std::uint64_t i : {5U, 0U, 300U, 70U}) {
    AttemptFinished attempt = passed(0, i);
    attempt.result = "r" + std::to_string(i);
    writer->record(attempt);
  }
  writer->record(passed(1, 1));  // a command has no result
  REQUIRE(writer->flush());
  std::string seen;
  auto reader = bench.read();
  reader.visit_results(parse_run_selection("digest"), [&](const RecordedResult& result) {
    // Written to while it is being read: the visit keeps to what there was.
    AttemptFinished late = passed(0, result.key.index + 1000);
    late.result = "late";
    writer->record(late);
    writer->flush();
    seen += std::string(result.msgpack) + " ";
  });
  CHECK(seen == "r0 r5 r70 r300 ");
  std::uint64_t count = 0;
  reader.visit_results({}, [&](const RecordedResult&) { ++count; });
  CHECK(count == 8);
}

TEST_CASE("instances are visited with the hash and outcome of their last attempt") {
  const RunBench bench;
  auto writer = bench.write();
  writer->record(task_named(0, "pack"));
  AttemptFinished first = failed(0, 1);
  first.settled = false;
  writer->record(first);
  AttemptFinished second = passed(0, 1, 2);
  second.hash = std::string("\0\xff", 2);
  writer->record(second);
  writer->record(started(0, 4));
  REQUIRE(writer->flush());
  std::vector<std::string> seen;
  bench.read().visit_instances([&](const EarlierInstance& instance) {
    seen.push_back(std::to_string(instance.key.index) + " " +
                   std::string(outcome_name(instance.outcome)) + " " +
                   std::to_string(instance.attempts) + " " + std::string(instance.hash));
  });
  REQUIRE(seen.size() == 2);
  CHECK(seen[0] == "1 passed 2 " + std::string("\0\xff", 2));
  CHECK(seen[1] == "4 running 1 hash");
}

TEST_CASE("the views answer what the documentation shows") {
  const RunBench bench;
  auto writer = bench.write();
  writer->record(task_named(0, "pack"));
  AttemptFinished attempt = failed(0, 2);
  attempt.stderr_bytes = "no space\n";
  writer->record(attempt);
  AttemptFinished good = passed(0, 0);
  good.result = "x";
  writer->record(good);
  REQUIRE(writer->flush());
  SQLite::Database database(bench.directory.database().string());
  CHECK(database.execAndGet("SELECT stderr FROM failures").getString() == "no space\n");
  CHECK(database.execAndGet("SELECT passed || failed FROM task_summary").getString() == "11");
  CHECK(database.execAndGet("SELECT seconds FROM instances WHERE state = 'failed'").getDouble() ==
        1.5);
  CHECK(database.execAndGet("SELECT task || instance FROM results").getString() == "pack0");
}

TEST_CASE("a damaged database is an error, never a crash and never altered") {
  const RunBench bench;
  {
    auto writer = bench.write();
    writer->record(task_named(0, "pack"));
    for (std::uint64_t i = 0; i < 2000; ++i) writer->record(passed(0, i));
  }
  const std::string good = contents_of(bench.directory.database());
  std::size_t refused = 0;
  for (std::size_t cut = 0; cut < good.size(); cut += 1777) {
    const std::string damaged = good.substr(0, cut);
    std::ofstream(bench.directory.database(), std::ios::binary | std::ios::trunc) << damaged;
    try {
      auto reader = bench.read();
      reader.summary();
      reader.tasks();
      reader.visit_instances([](const EarlierInstance&) {});
    } catch (const RunError&) {
      ++refused;
    } catch (const SQLite::Exception&) {
      ++refused;
    }
    CHECK(contents_of(bench.directory.database()) == damaged);
  }
  CHECK(refused == (good.size() + 1776) / 1777);
}

}  // namespace
}  // namespace procfarm::cli
