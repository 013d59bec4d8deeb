// SPDX-License-Identifier: MIT
// source_files_test.cpp - rows from lines and JSON Lines, and files that are none.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "coordinator/cli/diagnostic.hpp"
#include "scratch_directory.hpp"
#include "source_rows.hpp"

using namespace procfarm::cli;

namespace {

template <class Open>
std::string refusal(Open open, const std::string& path) {
  try {
    (void)open(path, SourceOptions{});
  } catch (const JobError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("lines keep their bytes, and the last one may lack its line feed") {
  const ScratchDirectory directory;
  const auto file = directory.write("l", "a b\r\n\n\xff\xfe {{x}}\nlast");
  CHECK(all_rows(lines_source(file)) ==
        Rows{"line=a b\r", "line=", "line=\xff\xfe {{x}}", "line=last"});
  CHECK(all_rows(lines_source(file, {.as = "url", .strip_cr = true}))[0] == "url=a b");
  CHECK(all_rows(lines_source(directory.write("empty", ""))).empty());
  CHECK(all_rows(lines_source(directory.write("one", "\n"))) == Rows{"line="});
  CHECK(all_rows(lines_source("/dev/null")).empty());
}

TEST_CASE("a line with NUL is a bad row with its number, and reading goes on") {
  const ScratchDirectory directory;
  const auto file = directory.write("l", std::string_view("a\nb\0c\nd\n", 8));
  CHECK(all_rows(lines_source(file)) ==
        Rows{"line=a", "! " + file + ":2: the line contains a NUL byte", "line=d"});
}

TEST_CASE("a line of ten megabytes arrives whole, between short ones") {
  const ScratchDirectory directory;
  const std::string large(std::size_t{10} << 20, 'x');
  const auto source = lines_source(directory.write("l", "a\n" + large + "\nb\n"));
  CHECK(source->next()->fields[0].second == "a");
  const bool whole = source->next()->fields[0].second == large;
  CHECK(whole);
  CHECK(source->next()->fields[0].second == "b");
  CHECK_FALSE(source->next());
}

TEST_CASE("lines that cross the buffer's blocks arrive whole and numbered") {
  const ScratchDirectory directory;
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i) + "\n";
  const auto source = lines_source(directory.write("l", text));
  for (int i = 0; i < 50'000; ++i) {
    const auto row = source->next();
    REQUIRE(row);
    REQUIRE(row->fields[0].second == std::to_string(i));
    REQUIRE(row->line == static_cast<std::uint64_t>(i) + 1);
  }
  CHECK_FALSE(source->next());
}

TEST_CASE("what cannot be read as a file is refused by name, at once") {
  const ScratchDirectory directory;
  const std::string missing = directory / "missing";
  const std::string fifo = directory / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  for (const auto open : {lines_source, csv_source, tsv_source, jsonl_source}) {
    CHECK(refusal(open, missing) == missing + ": cannot open: No such file or directory");
    CHECK(refusal(open, directory.path()) ==
          directory.path() + ": is a directory, a file is expected");
    CHECK(refusal(open, fifo) == fifo + ": is a FIFO that nobody writes to");
  }
}

TEST_CASE("a pipe is read, also when its writer has gone") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], "a\nb", 3) == 3);
  ::close(ends[1]);
  const std::string path = "/dev/fd/" + std::to_string(ends[0]);
  CHECK(all_rows(lines_source(path)) == Rows{"line=a", "line=b"});
  CHECK(all_rows(lines_source(path)).empty());
  ::close(ends[0]);
}

TEST_CASE("skip and limit, and nothing is read behind the limit") {
  const ScratchDirectory directory;
  const auto file = directory.write("l", std::string_view("a\nb\nc\nd\n", 8));
  CHECK(all_rows(lines_source(file, {.skip = 1, .limit = 2})) == Rows{"line=b", "line=c"});
  CHECK(all_rows(lines_source(file, {.skip = 9})).empty());
  CHECK(all_rows(lines_source(file, {.limit = 0})).empty());
  CHECK(all_rows(lines_source(file, {.skip = 3, .limit = 9})) == Rows{"line=d"});

  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], "a\n", 2) == 2);
  // The writer is still there: a read behind the first line would wait for ever.
  CHECK(all_rows(lines_source("/dev/fd/" + std::to_string(ends[0]), {.limit = 1})) ==
        Rows{"line=a"});
  ::close(ends[1]);
  ::close(ends[0]);
}

TEST_CASE("JSON Lines: objects give their members in order, other values are named") {
  const ScratchDirectory directory;
  const auto file = directory.write(
      "j", "\xef\xbb\xbf{\"b\": 1, \"a\": [1, \"x\"]}\r\n\n  \n7\n\"text\"\nnull\n{}");
  CHECK(all_rows(jsonl_source(file)) ==
        Rows{"b=1;a=[1,\"x\"]", "value=7", "value=text", "value=null", ""});
  CHECK(all_rows(jsonl_source(file, {.as = "n", .skip = 1, .limit = 1})) == Rows{"n=7"});
  CHECK_FALSE(jsonl_source(file)->names());
}

TEST_CASE("a bad line of JSON is a bad row that tells where, and reading goes on") {
  const ScratchDirectory directory;
  const auto file = directory.write(
      "j", "{\"a\": }\n1\n{\"a\": 1} x\n\"\xff\"\n1e999\n" + std::string(1000, '[') + "\n2");
  const Rows rows = all_rows(jsonl_source(file));
  REQUIRE(rows.size() == 7);
  CHECK(rows[0].starts_with("! " + file + ":1: column 7: syntax error"));
  CHECK(rows[1] == "value=1");
  CHECK(rows[2].starts_with("! " + file + ":3: column 10: syntax error"));
  CHECK(rows[3].starts_with("! " + file + ":4: column 2: "));
  CHECK(rows[4].starts_with("! " + file + ":5: number overflow"));
  CHECK(rows[5] == "! " + file + ":6: JSON nested more than 200 deep");
  CHECK(rows[6] == "value=2");
}

TEST_CASE("JSON Lines: a member that would hide what is always there is a bad row") {
  const ScratchDirectory directory;
  const auto file = directory.write("j", "{\"a\": {\"task\": 1}}\n{\"a\": 1, \"task\": 2}\n");
  CHECK(all_rows(jsonl_source(file)) ==
        Rows{"a={\"task\":1}",
             "! " + file + ":2: 'task' is always there and cannot be a variable's name"});
}

TEST_CASE("JSON Lines: an integer that does not fit keeps its digits or is a bad row") {
  const ScratchDirectory directory;
  const std::string large = "123456789012345678901234567890";
  const auto file = directory.write("j", "18446744073709551615\n-9223372036854775808\n1.5e25\n\"" +
                                             large + "\"\n{\"a\": [1, -" + large + "]}\n");
  CHECK(all_rows(jsonl_source(file)) ==
        Rows{"value=18446744073709551615", "value=-9223372036854775808", "value=1.5e+25",
             "value=" + large, "! " + file + ":5: the number -" + large + " is too large"});
}

TEST_CASE("sources tell their names and themselves") {
  const ScratchDirectory directory;
  const auto file = directory.write("l", "a");
  CHECK(lines_source(file)->names() == Rows{"line"});
  CHECK(lines_source(file)->describe() == "lines of " + file);
  CHECK(lines_source("-")->describe() == "lines of standard input");
  CHECK_FALSE(lines_source(file)->count_hint());
}
