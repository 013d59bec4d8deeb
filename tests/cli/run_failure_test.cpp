// SPDX-License-Identifier: MIT
// run_failure_test.cpp - a run database that cannot be made or written any more: nothing is called
// committed that is not, whoever waits is told, and no half of a file is left.
#include <doctest/doctest.h>
#include <signal.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <string>
#include <thread>

#include "run_fixture.hpp"

namespace procfarm::cli {
namespace {

std::int64_t number(const RunDirectory& run, const char* query) {
  SQLite::Database database(run.database().string());
  return database.execAndGet(query).getInt64();
}

/// Files of this process stay below `bytes` while this lives: the disk is full, as far as it sees.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    before_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, before_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*before_handler_)(int) = nullptr;
};

TEST_CASE("on a full disk nothing more is reported as committed, and what was reported is there") {
  const RunBench bench;
  std::atomic<std::uint64_t> reported{0};
  std::promise<std::string> told;
  {
    auto writer = bench.write({.committed = [&](std::uint64_t n) { reported = n; },
                               .failed = [&](const std::string& text) { told.set_value(text); }});
    writer->record(task_named(0, "pack"));
    writer->record(passed(0, 0));
    REQUIRE(writer->flush());
    const FileSizeLimit limit(200'000);
    for (std::uint64_t i = 1; i < 50'000 && !writer->failure(); ++i) writer->record(passed(0, i));
    CHECK_FALSE(writer->flush());
    REQUIRE(writer->failure());
    CHECK(writer->failure()->find(bench.directory.database().string()) != std::string::npos);
    writer->record(passed(0, 60'000));  // dropped; must not wait for ever
  }
  CHECK(told.get_future().get().find("cannot write the run database") == 0);
  CHECK(reported >= 2);
  CHECK(number(bench.directory, "SELECT count(*) FROM attempts") >=
        static_cast<std::int64_t>(reported - 1));
  CHECK(number(bench.directory, "SELECT max(instance) FROM attempts") < 60'000);
}

TEST_CASE("who waits for a commit that fails finds that the failure was told") {
  const RunBench bench;
  std::atomic<bool> told{false};
  auto writer = bench.write({.failed = [&told](const std::string&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // whoever does not wait is faster
    told = true;
  }});
  writer->record(task_named(0, "pack"));
  REQUIRE(writer->flush());
  const FileSizeLimit limit(4'096);
  for (std::uint64_t i = 0; i < 1'000; ++i) writer->record(passed(0, i));
  CHECK_FALSE(writer->flush());
  CHECK(told);
}

TEST_CASE("a database that cannot be made leaves no file, and the error has path and cause") {
  const RunBench bench;
  const std::string file = bench.directory.database().string();
  for (const rlim_t size : {0U, 1'000U, 4'096U, 12'000U}) {
    CAPTURE(size);
    const FileSizeLimit limit(size);
    CHECK_THROWS_WITH_AS(RunStore::create(bench.directory, description_of(bench.directory), false),
                         doctest::Contains(file.c_str()), RunError);
    CHECK_FALSE(std::filesystem::exists(file));
  }
  CHECK(RunStore::create(bench.directory, description_of(bench.directory), true) != nullptr);
}

TEST_CASE("a database whose path is too long for SQLite is refused in these words") {
  const ScratchDirectory scratch;
  std::filesystem::path folder = scratch.path();
  for (int i = 0; i < 3; ++i) folder /= std::string(200, 'x');
  std::filesystem::create_directories(folder);
  const RunDirectory directory = create_run_directory(folder, noon);
  CHECK_THROWS_WITH_AS(RunStore::create(directory, description_of(directory), false),
                       doctest::Contains("longer than 512 bytes"), RunError);
}

}  // namespace
}  // namespace procfarm::cli
