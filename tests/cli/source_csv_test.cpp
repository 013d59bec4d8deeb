// SPDX-License-Identifier: MIT
// source_csv_test.cpp - records as in RFC 4180, and such as are broken.
#include <doctest/doctest.h>

#include <string>

#include "coordinator/cli/diagnostic.hpp"
#include "scratch_directory.hpp"
#include "source_rows.hpp"

using namespace procfarm::cli;

namespace {

std::string header_error(std::string_view text) {
  const ScratchDirectory directory;
  const auto file = directory.write("t.csv", text);
  try {
    (void)csv_source(file);
  } catch (const JobError& error) {
    return std::string(error.what()).substr(file.size());
  }
  return "accepted";
}

}  // namespace

TEST_CASE("the header names the fields, which are text") {
  const ScratchDirectory directory;
  const auto source = csv_source(directory.write("t", "id, First Name \n1,Ada\n2,\n"));
  CHECK(source->names() == Rows{"id", "First Name"});
  const auto row = source->next();
  REQUIRE(row);
  CHECK(row->fields[0].second.is_string());
  CHECK(row->line == 2);
  CHECK(row_text(*row) == "id=1;First Name=Ada");
  CHECK(all_rows(source) == Rows{"id=2;First Name="});
}

TEST_CASE("quoted fields hold separators, line feeds, carriage returns and quotes") {
  const ScratchDirectory directory;
  const auto file = directory.write(
      "t",
      "\xef\xbb\xbf\"a\",b\r\n\"x, y\",\"l1\nl2\r\nl3\"\r\n\"say \"\"hi\"\"\",\"\"\r\n5\" pipe,z");
  const auto source = csv_source(file);
  CHECK(all_rows(source) == Rows{"a=x, y;b=l1\nl2\r\nl3", "a=say \"hi\";b=", "a=5\" pipe;b=z"});
}

TEST_CASE("tabs separate, commas are text") {
  const ScratchDirectory directory;
  const auto file = directory.write("t", "a\tb\n1,5\t\"x\ty\"\n\n\t\n");
  CHECK(all_rows(tsv_source(file)) == Rows{"a=1,5;b=x\ty", "a=;b="});
}

TEST_CASE("a broken row is bad by itself and tells file and line; reading goes on") {
  const ScratchDirectory directory;
  const auto file = directory.write("t", std::string("a,b\n1\n1,2,3\n\"x\"y,2\n1,") + '\0' +
                                             "\n\"m\nn\",2\n3,4\n\"open,1\n2,3\n");
  CHECK(all_rows(csv_source(file)) == Rows{"! " + file + ":2: 2 fields expected, but there are 1",
                                           "! " + file + ":3: 2 fields expected, but there are 3",
                                           "! " + file + ":4: there is text after a closing quote",
                                           "! " + file + ":5: the row contains a NUL byte",
                                           "a=m\nn;b=2", "a=3;b=4",
                                           "! " + file + ":9: a quoted field is not closed"});
}

TEST_CASE("lines are counted through fields of several lines") {
  const ScratchDirectory directory;
  const auto source = csv_source(directory.write("t", "a\n\"1\n2\n3\"\n\nx\n"));
  CHECK(source->next()->line == 2);
  CHECK(source->next()->line == 6);
}

TEST_CASE("a header that names nothing, or something twice, is refused") {
  CHECK(header_error("") == ":1: is empty: the first line must name the columns");
  CHECK(header_error("\n\n") == ":1: is empty: the first line must name the columns");
  CHECK(header_error("a,,b\n") == ":1: column 2 has no name");
  CHECK(header_error("a,b, a\n") == ":1: two columns are named 'a'");
  CHECK(header_error("\"a,b\n") == ":1: a quoted field is not closed");
  CHECK(header_error("a, index\n") ==
        ":1: 'index' is always there and cannot be a variable's name");
}
