// SPDX-License-Identifier: MIT
// job_toml.cpp - a job file in TOML, from its text to a plan: any text is a job or a JobError of
// one line.
#include "job_plan.hpp"

#include "coordinator/cli/job_toml.hpp"

using namespace procfarm::cli;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    fuzz::plan(parse_job_toml(std::string(fuzz::text(data, size)), "job.toml", "/nowhere"));
  } catch (const JobError& error) {
    fuzz::expect(std::strchr(error.what(), '\n') == nullptr, "an error is one line");
  }
  return 0;
}
