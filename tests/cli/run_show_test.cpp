// SPDX-License-Identifier: MIT
// run_show_test.cpp - what status, logs, results and runs print, and their exit codes.
#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <string>

#include "coordinator/cli/show_logs.hpp"
#include "coordinator/cli/show_results.hpp"
#include "coordinator/cli/show_runs.hpp"
#include "coordinator/cli/show_status.hpp"
#include "run_fixture.hpp"

namespace procfarm::cli {
namespace {

struct Shown {
  int exit_code = 0;
  std::string out{};
  std::string err{};
};

Shown shown(int (*show)(const ShowOptions&), const std::filesystem::path& base,
            ShowOptions options = {}) {
  const Captured out;
  const Captured err;
  options.base = base;
  options.out = out.file();
  options.err = err.file();
  const int exit_code = show(options);
  return {exit_code, out.text(), err.text()};
}

bool contains(const std::string& text, const std::string& part) {
  INFO(text);
  INFO(part);
  const bool found = text.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

/// A run with a passed, a failed and a running instance of `pack` and two results of `digest`.
struct ShowBench : RunBench {
  std::unique_ptr<RunWriter> writer = write();

  ShowBench() {
    writer->record(task_named(0, "pack"));
    writer->record(task_named(1, "digest"));
    AttemptFinished good = passed(0, 0);
    good.stdout_bytes = "all\tgood\n";
    writer->record(good);
    AttemptFinished bad = failed(0, 1);
    bad.stdout_bytes = "tried\n";
    bad.stderr_bytes = "one\ntwo\nthree\nfour\nfive\n\x1b[31msix\n";
    writer->record(bad);
    writer->record(started(0, 2));
    AttemptFinished first = passed(1, 0);
    first.result = std::string(
        "\x92\x01\xa3"
        "a,b",
        6);
    writer->record(first);
    AttemptFinished second = passed(1, 1);
    second.result = std::string("\xd6\x12\x07\x00\x00\x00", 6);  // a block of one int32
    writer->record(second);
    writer->flush();
  }
};

TEST_CASE("status shows the totals, what runs, and what failed with the end of its stderr") {
  const ShowBench bench;
  const Shown status = shown(show_status, bench.base.path());
  CHECK(status.exit_code == 0);
  CHECK(status.err.empty());
  contains(status.out, "run " + bench.directory.id() + " of corpus: running for ");
  contains(status.out, "\npack         1       1        0          0        1        0  10 ");
  contains(status.out, "pack[2] (level=9): attempt 1, pid 913");
  contains(status.out, "pack[1] (level=9): exit code 2, attempt 1\n    two\n");
  contains(status.out, "    \\x1b[31msix\n");
  contains(status.out, "procfarm logs " + bench.directory.id() + " failed");
  CHECK(status.out.find("    one\n") == std::string::npos);  // five lines are the end
}

TEST_CASE("status as JSON is one object") {
  const ShowBench bench;
  const Shown status = shown(show_status, bench.base.path(), {.run = "last", .json = true});
  contains(status.out,
           "\"state\":\"running\",\"exit_code\":null,\"started\":\"2026-03-11T12:00:00.");
  contains(status.out, R"({"task":"pack","instances":10,"passed":1,"failed":1,)");
}

TEST_CASE("logs show output and errors with control bytes escaped, tabs and lines kept") {
  const ShowBench bench;
  const Shown good = shown(show_logs, bench.base.path(), {.selector = "pack[0]"});
  CHECK(good.exit_code == 0);
  CHECK(good.out == "== pack[0] (level=9), attempt 1: passed, 1.5 s\nall\tgood\n");
  const Shown failures = shown(show_logs, bench.base.path(), {.selector = "failed"});
  contains(failures.out, "== pack[1] (level=9), attempt 1: exit code 2, 1.5 s\ntried\n");
  contains(failures.out, "-- standard error\none\n");
  contains(failures.out, "\\x1b[31msix\n");
}

TEST_CASE("logs of a run that died do not call anything running") {
  ShowBench bench;
  CHECK(contains(shown(show_logs, bench.base.path(), {.selector = "pack[2]"}).out,
                 "== pack[2] (level=9), attempt 1: running\n"));
  bench.writer.reset();  // without an end of the run
  CHECK(contains(shown(show_logs, bench.base.path(), {.selector = "pack[2]"}).out,
                 "== pack[2] (level=9), attempt 1: running when the run died\n"));
}

TEST_CASE("raw logs are the bytes as they were, each stream in its own") {
  const ShowBench bench;
  const Shown logs = shown(show_logs, bench.base.path(), {.selector = "pack[1]", .raw = true});
  CHECK(logs.out == "tried\n");
  CHECK(logs.err == "one\ntwo\nthree\nfour\nfive\n\x1b[31msix\n");
}

TEST_CASE("logs of what is not there are one line and exit code 2") {
  const ShowBench bench;
  for (const char* selector : {"pakc", "pack[99]", "pack[x]"}) {
    const Shown logs = shown(show_logs, bench.base.path(), {.selector = selector});
    CHECK(logs.exit_code == 2);
    CHECK(logs.out.empty());
    CHECK(std::count(logs.err.begin(), logs.err.end(), '\n') == 1);
    contains(logs.err, "procfarm: ");
  }
}

TEST_CASE("results are JSON Lines, CSV or text, blocks as arrays of numbers") {
  const ShowBench bench;
  CHECK(shown(show_results, bench.base.path(), {.json = true}).out ==
        "{\"task\":\"digest\",\"index\":0,\"result\":[1,\"a,b\"]}\n"
        "{\"task\":\"digest\",\"index\":1,\"result\":[7]}\n");
  CHECK(shown(show_results, bench.base.path(), {.csv = true}).out ==
        "task,index,result\ndigest,0,\"[1,\"\"a,b\"\"]\"\ndigest,1,[7]\n");
  CHECK(shown(show_results, bench.base.path(), {.selector = "digest[1]"}).out ==
        "digest[1]: [7]\n");
  const Shown none = shown(show_results, bench.base.path(), {.selector = "pack"});
  CHECK(none.exit_code == 0);
  CHECK(none.out.empty());
  contains(none.err, "no results in run");
}

TEST_CASE("a result that cannot be read is named") {
  const ShowBench bench;
  AttemptFinished bad = passed(1, 2);
  bad.result = "\xc1";
  bench.writer->record(bad);
  bench.writer->flush();
  const Shown results = shown(show_results, bench.base.path(), {.json = true});
  CHECK(results.exit_code == 2);
  contains(results.err, "the result of digest[2] cannot be read");
}

TEST_CASE("runs are listed newest first, one that cannot be read with the reason") {
  const RunBench bench;
  bench.write()->record(RunEnd{"passed", 0, noon + std::chrono::seconds(90)});
  const RunDirectory newer = create_run_directory(bench.base.path(), noon);
  std::ofstream(newer.database()) << "something else";
  const Shown runs = shown(show_runs, bench.base.path());
  CHECK(runs.exit_code == 0);
  CHECK(runs.out.find(newer.id()) < runs.out.find(bench.directory.id()));
  contains(runs.out, "unreadable: " + newer.database().string() + " is not a run database");
  contains(runs.out, "corpus");
  contains(runs.out, "passed");
  contains(runs.out, "1 min 30 s");
}

TEST_CASE("without a run every subcommand says what to do, with exit code 2") {
  const ScratchDirectory base;
  for (const auto show : {show_status, show_logs, show_results, show_runs}) {
    const Shown result = shown(show, base.path());
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    contains(result.err, "procfarm: no runs in ");
    contains(result.err, "procfarm run JOB");
  }
}

TEST_CASE("an output that cannot be written is exit code 4") {
  const ShowBench bench;
  std::FILE* const full = std::fopen("/dev/full", "w");
  REQUIRE(full != nullptr);
  const Captured err;
  const ShowOptions options{.base = bench.base.path(), .out = full, .err = err.file()};
  CHECK(show_status(options) == 4);
  std::fclose(full);
  contains(err.text(), "No space left on device");
}

}  // namespace
}  // namespace procfarm::cli
