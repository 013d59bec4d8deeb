// SPDX-License-Identifier: MIT
// run_directory.hpp - where runs lie (`.procfarm/runs/<id>` below a base directory), how a run is
// named on the command line, and the lock by which one process at a time writes to it.
#pragma once

#include <filesystem>
#include <optional>
#include <procfarm/duration.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "run_schema.hpp"

namespace procfarm::cli {

/// A run's folder. Its name is the run's id.
struct RunDirectory {
  std::filesystem::path path{};

  std::string id() const { return path.filename().string(); }
  std::filesystem::path database() const { return path / "run.db"; }
  std::filesystem::path lock_file() const { return path / "lock"; }
  std::filesystem::path in_flight_file() const { return path / "in-flight"; }
  std::filesystem::path end_journal() const { return path / "ends"; }
};

/// `base/.procfarm/runs`.
std::filesystem::path runs_folder(const std::filesystem::path& base);

/// Makes a new run's folder, mode 0700. Its id tells the time (UTC) and sorts after every earlier
/// one, also within a second or after the clock went back. Throws RunError with path and cause.
RunDirectory create_run_directory(const std::filesystem::path& base, TimePoint now);

/// Makes the names of the run's directory, of its parents and of what is in it survive a power cut.
/// Throws RunError.
void sync_run_directory(const RunDirectory& run);

/// The runs below `base` that have a database, newest first. Throws RunError if that cannot be
/// told.
std::vector<RunDirectory> list_runs(const std::filesystem::path& base);

/// The run a person means: nothing and `last` mean the newest, else the newest whose id starts with
/// `wanted`; a text with a slash is the folder itself. Throws RunError that says what to do.
RunDirectory find_run(const std::filesystem::path& base, std::string_view wanted);

/// Held by the process that writes a run; freed by the kernel when it dies. Any thread.
class RunLock {
 public:
  /// Throws RunError "in use by pid N" if another process (or another RunLock) holds it.
  explicit RunLock(const RunDirectory& directory);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  int fd_ = -1;
};

/// The pid of the process that holds the lock of `directory` now (0 if it is not told), or nothing.
/// Does not take the lock.
std::optional<int> run_lock_holder(const RunDirectory& directory);

}  // namespace procfarm::cli
