// SPDX-License-Identifier: MIT
// job_jsonl.cpp - a job of JSON Lines, from its bytes to a plan.
#include "job_plan.hpp"

#include "coordinator/cli/job_jsonl.hpp"

#include <procfarm/wire/packet.hpp>

using namespace procfarm::cli;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = procfarm::wire::make_memory_file("job", fuzz::text(data, size));
  try {
    JsonlJob stream("/proc/self/fd/" + std::to_string(file.get()));
    std::vector<TaskSpec> tasks;
    while (auto task = stream.next()) tasks.push_back(*std::move(task));
    Job job = stream.job();
    job.tasks = std::move(tasks);
    fuzz::plan(job);
  } catch (const JobError& error) {
    fuzz::expect(std::strchr(error.what(), '\n') == nullptr, "an error is one line");
  }
  return 0;
}
