// SPDX-License-Identifier: MIT
// run_schema.hpp - the tables of a run database, its mark, and the check that a file is one.
// docs/run-database.md explains the same tables to people who query them. Writing is RunWriter's,
// reading RunReader's business.
#pragma once

#include <cstdint>
#include <filesystem>
#include <procfarm/duration.hpp>
#include <span>
#include <stdexcept>

namespace procfarm::cli {

/// `PRAGMA application_id`: the letters PFRM.
inline constexpr std::uint32_t run_application_id = 0x5046524d;
/// `PRAGMA user_version`: grows with every change of the tables that an older reader would not
/// bear.
inline constexpr std::uint32_t run_schema_version = 1;

/// A run or its database cannot be found, used or understood; what() says which, why and what now.
class RunError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The statements that make all tables and indexes in an empty file.
const char* run_table_statements();

/// A view is only for people and their programs: `sql` is its statement, as SQLite keeps it.
struct RunView {
  const char* name;
  const char* sql;
};
std::span<const RunView> run_views();

/// Throws RunError if `file` is missing, not a run database of ours, or of a newer version. Only
/// reads the file's head: nothing is opened by SQLite, so a foreign file cannot be altered.
void check_run_database(const std::filesystem::path& file);

/// Whether `file_system_type` (`statfs::f_type`) is one on which shared memory between hosts does
/// not work, so that SQLite's write-ahead log must not be used.
bool is_network_file_system(std::uint64_t file_system_type);

/// Microseconds since 1970, as they stand in the tables.
std::int64_t to_microseconds(TimePoint time);
TimePoint from_microseconds(std::int64_t microseconds);

}  // namespace procfarm::cli
