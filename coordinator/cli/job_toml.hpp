// SPDX-License-Identifier: MIT
// job_toml.hpp - reads a job file in TOML. Everything that is wrong in the file alone is found
// here: syntax, keys, types, values, names. What needs the other tasks or the file system,
// job_check finds.
#pragma once

#include <string>

#include "job.hpp"

namespace procfarm::cli {

/// Reads the file, or standard input if `path` is `-`. Throws JobError with the place of the first
/// mistake. An empty file is a job without tasks.
Job read_job_toml(const std::string& path);

/// The same for text that is already there; relative paths are taken from `directory`.
Job parse_job_toml(std::string text, const std::string& file, const std::string& directory);

}  // namespace procfarm::cli
