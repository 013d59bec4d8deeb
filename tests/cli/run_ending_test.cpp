// SPDX-License-Identifier: MIT
// run_ending_test.cpp - exit codes when several reasons apply, --halt, and the order of outputs.
#include "coordinator/cli/run_ending.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <csignal>
#include <string>

#include "coordinator/cli/output_sink.hpp"

using namespace procfarm::cli;

namespace {

/// A pipe that a sink writes to; what was written is read at once.
class SinkBench {
 public:
  explicit SinkBench(OutputSinkOptions options, OutputSink::Reload reload = {})
      : out(open_pipe()), sink(out, out, options, std::move(reload)) {}
  ~SinkBench() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  SinkBench(const SinkBench&) = delete;
  SinkBench& operator=(const SinkBench&) = delete;

  void settle(std::uint64_t index, const std::string& text) { settle({0, index}, text); }
  void settle(InstanceKey instance, const std::string& text) {
    ShownAttempt attempt{.key = {.instance = instance}, .task = "t", .name = "t", .label = "L"};
    attempt.out = text;
    attempt.print_out = true;
    sink.settled(std::move(attempt));
  }
  std::string written() {
    out.write(".");  // so that there is something to read
    out.flush();
    char bytes[4096];
    const auto size = ::read(ends_[0], bytes, sizeof bytes);
    return std::string(bytes, static_cast<std::size_t>(size) - 1);
  }

 private:
  int open_pipe() {
    REQUIRE(::pipe(ends_) == 0);
    return ends_[1];
  }
  int ends_[2]{};

 public:
  OutputStream out;
  OutputSink sink;
};

}  // namespace

TEST_CASE("ending: the gravest reason gives the exit code") {
  RunEnding ending;
  CHECK(ending.exit_code(false, false) == 0);
  CHECK(ending.exit_code(true, false) == 1);
  ending.stopped_early();
  CHECK(ending.exit_code(true, true) == 5);
  CHECK(ending.exit_code(true, false) == 1);
  ending.input_failed();
  CHECK(ending.exit_code(true, true) == 2);
  ending.farm_failed();
  CHECK(ending.exit_code(true, true) == 3);
  ending.write_failed();
  CHECK(ending.exit_code(true, true) == 4);
  ending.signalled(SIGTERM);
  ending.signalled(SIGPIPE);
  CHECK(ending.exit_code(true, true) == 143);
}

TEST_CASE("ending: the state in the database is a word for it") {
  CHECK(RunEnding().state(false, false) == "passed");
  CHECK(RunEnding().state(true, false) == "failed");
  RunEnding halted;
  halted.stopped_early();
  CHECK(halted.state(true, true) == "stopped");
  CHECK_FALSE(halted.reason(true).empty());
  RunEnding interrupted;
  interrupted.signalled(SIGINT);
  CHECK(interrupted.state(true, true) == "cancelled");
}

TEST_CASE("halt: counts of failures, successes and ends; shares of the whole") {
  const PlanCounts counts{.passed = 6, .failed = 4};
  const auto reached = [&counts](const char* policy, std::optional<std::uint64_t> total = {}) {
    return halt_reached(*parse_halt(policy), counts, total);
  };
  CHECK(reached("soon,fail=4"));
  CHECK_FALSE(reached("soon,fail=5"));
  CHECK(reached("now,success=6"));
  CHECK(reached("now,done=10"));
  CHECK(reached("soon,fail=40%"));
  CHECK_FALSE(reached("soon,fail=41%"));
  CHECK_FALSE(reached("soon,fail=40%", 100));
}

TEST_CASE("output: blocks come as tasks end, with -k in the order of the input") {
  SinkBench as_they_end({});
  as_they_end.settle(1, "b\n");
  as_they_end.settle(0, "a\n");
  CHECK(as_they_end.written() == "b\na\n");

  SinkBench ordered({.keep_order = true});
  ordered.settle(2, "c\n");
  ordered.settle(1, "b\n");
  CHECK(ordered.written().empty());
  ordered.settle(0, "a\n");
  CHECK(ordered.written() == "a\nb\nc\n");
  ordered.settle(5, "f\n");
  ordered.sink.finish();
  CHECK(ordered.written() == "f\n");
}

TEST_CASE("output: with -k task by task, and what has ended holds nothing up") {
  SinkBench bench({.keep_order = true});
  bench.settle({2, 0}, "c0\n");
  bench.settle({1, 1}, "b1\n");
  bench.settle({0, 1}, "a1\n");
  CHECK(bench.written().empty());
  bench.sink.tasks_ended(1);  // without an instance 0
  CHECK(bench.written() == "a1\n");
  bench.settle({1, 0}, "b0\n");
  CHECK(bench.written() == "b0\nb1\n");
  bench.sink.tasks_ended(4);
  CHECK(bench.written() == "c0\n");
  bench.settle({5, 0}, "f0\n");
  bench.settle({4, 0}, "e0\n");
  CHECK(bench.written() == "e0\n");
  bench.sink.finish();
  CHECK(bench.written() == "f0\n");
}

TEST_CASE("output: what waits for long is loaded again instead of held") {
  int loaded = 0;
  SinkBench bench({.keep_order = true, .memory_limit = 4}, [&loaded](ShownAttempt& attempt) {
    ++loaded;
    attempt.out = "reloaded\n";
  });
  bench.settle(1, "b\n");
  bench.settle(2, "a long one\n");
  bench.settle(0, "a\n");
  CHECK(bench.written() == "a\nb\nreloaded\n");
  CHECK(loaded == 1);
}

TEST_CASE("output: a tag begins every line and ends an unfinished one") {
  SinkBench bench({.tag = true});
  bench.settle(0, "x\n\ny");
  CHECK(bench.written() == "L\tx\nL\t\nL\ty\n");
}
