// SPDX-License-Identifier: MIT
// job_support.hpp - jobs out of texts, and the one line that is said about a wrong one.
#pragma once

#include <string>
#include <vector>

#include "coordinator/cli/diagnostic.hpp"
#include "coordinator/cli/instance.hpp"
#include "coordinator/cli/job_check.hpp"
#include "coordinator/cli/job_toml.hpp"

namespace procfarm::cli {

/// What a JobError says; empty if there is none.
template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const JobError& error) {
    return error.what();
  }
  return {};
}

/// A job whose file is called `job.toml`.
inline Job job_of(const std::string& text, const std::string& directory = "/nowhere") {
  return parse_job_toml(text, "job.toml", directory);
}

/// What reading this text says.
inline std::string reading_error(const std::string& text) {
  return error_of([&text] { job_of(text); });
}

/// What checking this text says, with -j 4.
inline std::string checking_error(const std::string& text,
                                  const std::string& directory = "/nowhere") {
  return error_of([&] { check_job(job_of(text, directory), {.jobs = 4}); });
}

/// All instances of a task.
inline std::vector<Instance> instances_of(const Job& job, const TaskSpec& task) {
  std::vector<Instance> instances;
  InstanceStream stream(job, task);
  while (auto instance = stream.next()) instances.push_back(*std::move(instance));
  return instances;
}

}  // namespace procfarm::cli
