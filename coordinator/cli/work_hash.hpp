// SPDX-License-Identifier: MIT
// work_hash.hpp - what an instance does, as 16 bytes that are the same whenever the work is the
// same and are recorded with each attempt: what is done can be recognised by them, wherever it
// stands in the job. Values of the run itself (run, rundir, attempt, worker) do not count.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "instance.hpp"
#include "job.hpp"

namespace procfarm::cli {

/// XXH3, 128 bits, big end first: 16 bytes.
std::string hash_bytes(std::string_view text);
/// The same in hexadecimal.
std::string hash_hex(std::string_view text);

std::string bytes_hex(std::string_view bytes);

/// What the instance does, as bytes that are the same whenever the work is the same. `module`, if
/// not empty, stands for the module of a function instead of its path.
std::string work_text(const Resolved& resolved, std::string_view module = {});

/// What tells one version of a module from another: its build-id, else its file's size and time.
std::string module_identity(const std::string& path, const std::string& build_id);

/// Of one task. One thread at a time. Job and task must outlive it.
class WorkHasher {
 public:
  /// `module`: of a function, what identifies the code, such as its module's build-id.
  WorkHasher(const Job& job, const TaskSpec& task, std::string module);

  /// Of what the instance does; `resolved` is what `context` has made of it. Declared inputs and a
  /// file as standard input count with size and time of change. Throws what resolve() throws.
  std::string hash(const Instance& instance, const Resolved& resolved,
                   const ResolveContext& context) const;

 private:
  const Job& job_;
  const TaskSpec& task_;
  std::string module_;
  bool names_the_run_ = false;  // some placeholder is a value that does not count
  mutable std::map<std::string, std::string> results_;  // of other tasks' files of results
};

}  // namespace procfarm::cli
