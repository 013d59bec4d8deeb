// SPDX-License-Identifier: MIT
// attempt_maker_test.cpp - files of attempts, and records that are too large.
#include "coordinator/cli/attempt_maker.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>

#include "coordinator/cli/task_files.hpp"
#include "scratch_directory.hpp"

namespace procfarm::cli {
namespace {

AttemptReport passed_with(std::size_t out, std::size_t err) {
  AttemptReport report;
  report.record.outcome = AttemptOutcome::passed;
  report.record.stdout_bytes = std::string(out, 'o');
  report.record.stderr_bytes = std::string(err, 'e');
  return report;
}

TEST_CASE("attempt: output that the run database cannot hold is a failure, its beginning is kept") {
  AttemptReport report = passed_with(3'000'000, 2'000'000);
  fit_into_database(report, 4'999'999);
  CHECK(report.record.outcome == AttemptOutcome::failed);
  CHECK(report.record.cause == output_write_cause);
  CHECK(report.record.error_message.find("written to a file") != std::string::npos);
  CHECK(report.record.stdout_bytes.size() == 1'000'000);
  CHECK(report.record.stderr_bytes.size() == 1'000'000);
}

TEST_CASE("attempt: a failure with too much output stays the failure that it is") {
  AttemptReport report = passed_with(3'000'000, 0);
  report.record.outcome = AttemptOutcome::failed;
  report.record.cause = "exit";
  fit_into_database(report, 2'000'000);
  CHECK(report.record.cause == "exit");
  CHECK(report.record.stdout_bytes.size() == 1'000'000);
}

TEST_CASE("attempt: output that fits stays as it is") {
  AttemptReport report = passed_with(3'000'000, 2'000'000);
  fit_into_database(report, 5'000'000);
  CHECK(report.record.outcome == AttemptOutcome::passed);
  CHECK(report.record.stdout_bytes.size() == 3'000'000);
}

TEST_CASE("attempt: what a killed run with our process number has left is in nobody's way") {
  const ScratchDirectory scratch;
  const std::string left =
      scratch.write("." + std::string("out.txt.") + std::to_string(::getpid()) + ".1.part", "half");
  FileTarget target(scratch / "out.txt", 1);
  CHECK(target.temporary() != left);
}

}  // namespace
}  // namespace procfarm::cli
