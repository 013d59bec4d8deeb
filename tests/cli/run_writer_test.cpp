// SPDX-License-Identifier: MIT
// run_writer_test.cpp - what is recorded is in the file, in few rows; what cannot be written is
// never reported as committed.
#include "coordinator/cli/run_writer.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <future>
#include <string>
#include <vector>

#include "run_fixture.hpp"
#include "support/patience.hpp"

namespace procfarm::cli {
namespace {

std::int64_t number(const RunDirectory& run, const char* query) {
  SQLite::Database database(run.database().string());
  return database.execAndGet(query).getInt64();
}

TEST_CASE("a finished run is one private file that carries our mark") {
  const RunBench bench;
  {
    auto writer = bench.write();
    writer->record(task_named(0, "pack"));
    writer->record(passed(0, 0));
    writer->record(RunEnd{"passed", 0, noon});
  }
  struct stat status {};
  REQUIRE(::stat(bench.directory.database().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK_FALSE(std::filesystem::exists(bench.directory.database().string() + "-wal"));
  // Not in write-ahead mode any more: it can be read from a directory that cannot be written.
  SQLite::Database database(bench.directory.database().string());
  CHECK(database.execAndGet("PRAGMA journal_mode").getString() == "delete");
  CHECK(number(bench.directory, "PRAGMA application_id") == run_application_id);
  CHECK(number(bench.directory, "PRAGMA user_version") == run_schema_version);
  CHECK(number(bench.directory, "SELECT count(*) FROM run WHERE state = 'passed'") == 1);
}

TEST_CASE("a start that is flushed is a running row, and its finish replaces it") {
  const RunBench bench;
  auto writer = bench.write();
  writer->record(task_named(0, "pack"));
  writer->record(started(0, 3));
  REQUIRE(writer->flush());
  REQUIRE(bench.read().running(10).size() == 1);
  CHECK(bench.read().running(10)[0].attempt.worker_pid == 913);

  writer->record(passed(0, 3));
  REQUIRE(writer->flush());
  CHECK(bench.read().running(10).empty());
  CHECK(number(bench.directory, "SELECT count(*) FROM attempts") == 1);
}

TEST_CASE("a start becomes visible without a flush") {
  const RunBench bench;
  auto writer = bench.write();
  writer->record(task_named(0, "pack"));
  writer->record(started(0, 3));
  CHECK(support::eventually([&] { return bench.read().running(10).size() == 1; }));
}

TEST_CASE("a finished attempt is committed when it is reported, without a flush") {
  const RunBench bench;
  std::promise<std::uint64_t> reported;
  std::atomic<std::uint64_t> wanted{2};
  auto writer = bench.write({.committed = [&](std::uint64_t sequence) {
    if (sequence == wanted) reported.set_value(sequence);
  }});
  CHECK(writer->record(task_named(0, "pack")) == 1);
  CHECK(writer->record(passed(0, 0)) == 2);
  REQUIRE(reported.get_future().wait_for(support::patience()) == std::future_status::ready);
  CHECK(number(bench.directory, "SELECT count(*) FROM attempts WHERE outcome = 'passed'") == 1);
}

TEST_CASE("sequence numbers are reported in order, up to the last") {
  const RunBench bench;
  std::vector<std::uint64_t> reports;
  {
    auto writer = bench.write({.committed = [&](std::uint64_t n) { reports.push_back(n); }});
    writer->record(task_named(0, "pack"));
    for (std::uint64_t i = 0; i < 25'000; ++i) writer->record(passed(0, i));
  }
  CHECK(std::is_sorted(reports.begin(), reports.end()));
  CHECK(reports.back() == 25'001);
  CHECK(reports.size() >= 3);  // 10,000 rows a commit at most
}

TEST_CASE("a million attempts are a million rows, each with its own result" *
          doctest::timeout(900)) {
  const RunBench bench;
  constexpr std::uint64_t count = 1'000'000;
  {
    auto writer = bench.write();
    writer->record(task_named(0, "digest"));
    for (std::uint64_t i = 0; i < count; ++i) {
      writer->record(started(0, i));
      AttemptFinished attempt = passed(0, i);
      attempt.result = std::to_string(i);
      writer->record(std::move(attempt));
    }
    REQUIRE(writer->flush());
  }
  std::uint64_t next = 0;
  std::uint64_t wrong = 0;
  bench.read().visit_results({}, [&](const RecordedResult& result) {
    if (result.key.index != next || result.msgpack != std::to_string(next)) ++wrong;
    ++next;
  });
  CHECK(next == count);
  CHECK(wrong == 0);
  CHECK(bench.read().tasks()[0].passed == count);
  CHECK(number(bench.directory, "SELECT count(*) FROM attempts") == count);
}

TEST_CASE("a small queue makes the recorder wait and loses nothing") {
  const RunBench bench;
  auto writer = bench.write({.queue_limit = 4096});
  writer->record(task_named(0, "pack"));
  for (std::uint64_t i = 0; i < 100; ++i) {
    AttemptFinished attempt = passed(0, i);
    attempt.stdout_bytes = std::string(i == 50 ? 100'000 : 100, 'x');  // one larger than the queue
    writer->record(std::move(attempt));
  }
  REQUIRE(writer->flush());
  CHECK(number(bench.directory, "SELECT count(*) FROM outputs") == 100);
  CHECK(number(bench.directory, "SELECT max(length(stdout)) FROM outputs") == 100'000);
}

TEST_CASE("a second writer of the same run is refused with the pid of the first") {
  const RunBench bench;
  auto writer = bench.write();
  const std::string expected = "in use by pid " + std::to_string(::getpid());
  CHECK_THROWS_WITH_AS(RunWriter::reopen(bench.directory, description_of(bench.directory)),
                       doctest::Contains(expected.c_str()), RunError);
}

TEST_CASE("a killed writer leaves what it committed and what was running; reopening settles that") {
  const RunBench bench;
  const pid_t child = ::fork();
  if (child == 0) {  // without a thread: sanitizers allow none after a fork
    const RunLock lock(bench.directory);
    const auto store = RunStore::create(bench.directory, description_of(bench.directory), false);
    store->begin();
    store->write(task_named(0, "pack"));
    store->write(passed(0, 0));
    store->write(failed(0, 1));
    store->write(AttemptFinished{.key = {{0, 2}, 0}, .outcome = AttemptOutcome::skipped});
    store->write(started(0, 3));
    store->commit();
    store->begin();
    store->write(passed(0, 9));  // never committed
    ::raise(SIGKILL);
  }
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(bench.read().summary().state == "interrupted");
  CHECK(bench.read().running(10).size() == 1);

  auto writer = RunWriter::reopen(bench.directory, description_of(bench.directory));
  CHECK(bench.read().summary().state == "running");
  const TaskSummary task = bench.read().tasks()[0];
  CHECK(task.passed == 1);
  CHECK(task.failed == 1);  // until it runs again
  CHECK(task.skipped == 0);
  CHECK(task.running == 0);
  CHECK(bench.read().attempts({0, 3}).at(0).attempt.cause == "interrupted");
  writer->record(passed(0, 3, 2));
  REQUIRE(writer->flush());
  CHECK(bench.read().tasks()[0].passed == 2);
  CHECK(bench.read().tasks()[0].retries == 1);
}

TEST_CASE("a foreign file is refused and left as it is") {
  const RunBench bench;
  std::string text = "int main() {}\n";
  SUBCASE("a text") {}
  SUBCASE("a long text") { text = std::string(5000, 'x'); }
  SUBCASE("an empty file") { text.clear(); }
  std::ofstream(bench.directory.database()) << text;
  CHECK_THROWS_AS(bench.write(), RunError);
  CHECK_THROWS_AS(RunWriter::reopen(bench.directory, description_of(bench.directory)), RunError);
  CHECK_THROWS_AS(bench.read(), RunError);
  CHECK(contents_of(bench.directory.database()) == text);
}

TEST_CASE("another program's database is refused and left as it is") {
  const RunBench bench;
  {
    SQLite::Database other(bench.directory.database().string(),
                           SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    other.exec("CREATE TABLE notes (text)");
  }
  const std::string before = contents_of(bench.directory.database());
  CHECK_THROWS_WITH_AS(bench.read(), doctest::Contains("not a run database"), RunError);
  CHECK_THROWS_AS(RunWriter::reopen(bench.directory, description_of(bench.directory)), RunError);
  CHECK(contents_of(bench.directory.database()) == before);
}

TEST_CASE("a newer version is refused and left as it is") {
  const RunBench bench;
  bench.write().reset();
  SQLite::Database(bench.directory.database().string(), SQLite::OPEN_READWRITE)
      .exec("PRAGMA user_version = 99");
  const std::string before = contents_of(bench.directory.database());
  CHECK_THROWS_WITH_AS(bench.read(), doctest::Contains("newer procfarm (format 99"), RunError);
  CHECK_THROWS_AS(RunWriter::reopen(bench.directory, description_of(bench.directory)), RunError);
  CHECK(contents_of(bench.directory.database()) == before);
}

TEST_CASE("file systems shared between hosts are known by their number") {
  CHECK(is_network_file_system(0x6969));
  CHECK(is_network_file_system(0x0bd00bd0));
  CHECK(is_network_file_system(0x47504653));
  CHECK(is_network_file_system(0xfffffffffe534d42));  // sign-extended
  CHECK_FALSE(is_network_file_system(0xef53));
}

}  // namespace
}  // namespace procfarm::cli
