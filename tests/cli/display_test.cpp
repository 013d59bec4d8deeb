// SPDX-License-Identifier: MIT
// display_test.cpp - the lines a person sees: their words, their width, and that nothing from
// outside can move the cursor.
#include "coordinator/cli/display_text.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace procfarm::cli;
using namespace std::chrono_literals;

namespace {

const Palette plain{};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("display: the status line says what is done, running, failed, retried and left") {
  const StatusFigures figures{.done = 312,
                              .total = 1000,
                              .running = 8,
                              .failed = 2,
                              .retried = 3,
                              .per_second = 45,
                              .remaining = 12s,
                              .slowest = "pack[3]",
                              .slowest_for = 4s};
  const std::string line = status_line(figures, 200, false);
  CHECK(has(line, "312/1,000  45/s  8 running  2 failed  3 retried  ETA 12.0 s  pack[3] (4.0 s)"));
  CHECK(has(status_line(figures, 200, true), "[======>"));
  CHECK(has(plain_status(figures, false), "312/1,000 done, 45/s, 8 running, 2 failed, 3 retried"));
  CHECK(has(plain_status(figures, true), "12.0 s to go"));
}

TEST_CASE("display: what is zero or unknown is not mentioned") {
  const std::string line = status_line({.done = 5, .running = 1}, 80, true);
  CHECK(line == "5  1 running");
}

TEST_CASE("display: a line is never wider than the terminal") {
  const StatusFigures figures{.done = 1, .running = 1, .slowest = std::string(300, 'x')};
  CHECK(status_line(figures, 40, false).size() <= 40 + 2);  // the ellipsis has three bytes
  CHECK(cut_to_width("abcdef", 6) == "abcdef");
  CHECK(cut_to_width("abcdef", 5) == "abcd…");
  CHECK(cut_to_width("äöüß", 3) == "äö…");
  CHECK(cut_to_width("日本語", 4) == "日…");
  CHECK(cut_to_width("abc", 0).empty());
}

TEST_CASE("display: a task's line has the mark, the time, the name and the reason in columns") {
  CHECK(task_line({.mark = TaskMark::fail,
                   .name = "pack[3]",
                   .label = "level=9",
                   .reason = "exit code 1",
                   .took = 1204ms},
                  plain) == "    FAIL [   1.204s] pack[3] level=9: exit code 1\n");
  CHECK(task_line({.mark = TaskMark::retry, .name = "a", .attempt = 2}, plain) ==
        "   RETRY [   0.000s] a, attempt 2\n");
}

TEST_CASE("display: control bytes of names, reasons and stderr are shown, not obeyed") {
  const std::string line = task_line({.name = "a\x1b[2J", .reason = "x\ry"}, plain);
  CHECK_FALSE(has(line, "\x1b"));
  CHECK_FALSE(has(line, "\r"));
  CHECK_FALSE(has(stderr_tail("one\x1b]0;title\x07\n", 5), "\x1b"));
}

TEST_CASE("display: the tail of stderr is its last lines") {
  CHECK(stderr_tail("", 3).empty());
  CHECK(stderr_tail("\n\n", 3).empty());
  CHECK(stderr_tail("a\nb\nc\nd\n", 2) == "         | c\n         | d\n");
  CHECK(stderr_tail("only", 2) == "         | only\n");
  CHECK(stderr_tail("a\n\nb", 3) == "         | a\n         | \n         | b\n");
  CHECK(stderr_tail(std::string(5000, 'x'), 3).size() < 500);
}

TEST_CASE("display: the command that shows more can be pasted into a shell") {
  CHECK(logs_command("20260101-000000", "pack[3]") == "procfarm logs 20260101-000000 'pack[3]'");
  CHECK(logs_command("r", "pack") == "procfarm logs r pack");
}

TEST_CASE("display: the summary counts, and names the failures once more") {
  const std::string text = summary_text({.passed = 118,
                                         .failed = 1,
                                         .skipped = 2,
                                         .retried = 3,
                                         .wall = 4210ms,
                                         .busy = 0.874,
                                         .peak_memory = 120U * 1024 * 1024,
                                         .run = "r1"},
                                        {{.mark = TaskMark::fail, .name = "pack[3]"}}, plain);
  CHECK(has(text, "procfarm logs r1 'pack[3]'"));
  CHECK(has(text, "[   4.210s] 118 passed, 1 failed, 2 skipped, 3 retried\n"));
  CHECK(has(text, "workers 87 % busy, peak memory 120.0 MiB, run r1"));
  CHECK_FALSE(has(text, "\x1b"));
}

TEST_CASE("display: colours appear only where they are wanted") {
  CHECK(has(task_line({.name = "a"}, Palette{.colored = true}), "\x1b[32;1m"));
}
