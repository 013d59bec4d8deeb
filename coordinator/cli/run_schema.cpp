// SPDX-License-Identifier: MIT
// run_schema.cpp - the tables as SQL, and the look at a file's first hundred bytes.
//
// An instance has no row of its own: the row of its last attempt (`settled`) says how it ended, so
// a task that is done at the first attempt costs one row. Keys are the row's place (WITHOUT ROWID),
// and the two partial indexes hold only what `status` looks for: what runs and what failed.
#include "run_schema.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "run_record.hpp"

namespace procfarm::cli {
namespace {

constexpr const char* table_statements = R"sql(
CREATE TABLE run (
  id TEXT NOT NULL, name TEXT NOT NULL,
  job_file TEXT NOT NULL, job_text TEXT NOT NULL, job_hash TEXT NOT NULL,
  command_line TEXT NOT NULL, version TEXT NOT NULL, host TEXT NOT NULL,
  pid INTEGER NOT NULL, workers INTEGER NOT NULL,
  started_us INTEGER NOT NULL, finished_us INTEGER,
  state TEXT NOT NULL, exit_code INTEGER);

CREATE TABLE tasks (
  task INTEGER PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL,
  definition TEXT NOT NULL, instances INTEGER);

CREATE TABLE attempts (
  task INTEGER NOT NULL, instance INTEGER NOT NULL, attempt INTEGER NOT NULL,
  outcome TEXT NOT NULL, settled INTEGER NOT NULL, cause TEXT,
  worker_pid INTEGER, started_us INTEGER, finished_us INTEGER,
  exit_code INTEGER, signal INTEGER, cpu_ns INTEGER, peak_memory INTEGER,
  error_type TEXT, error_message TEXT, hash BLOB, label TEXT, result BLOB,
  instances INTEGER,
  PRIMARY KEY (task, instance, attempt)) WITHOUT ROWID;
CREATE INDEX attempts_running ON attempts (task, instance, attempt) WHERE outcome = 'running';
CREATE INDEX attempts_failed ON attempts (task, instance, attempt) WHERE outcome = 'failed';

CREATE TABLE outputs (
  task INTEGER NOT NULL, instance INTEGER NOT NULL, attempt INTEGER NOT NULL,
  stdout BLOB, stderr BLOB,
  PRIMARY KEY (task, instance, attempt)) WITHOUT ROWID;
)sql";

constexpr std::array<RunView, 4> views{{
    {"instances", R"sql(CREATE VIEW instances AS
  SELECT t.name AS task, a.instance, a.outcome AS state, a.attempt AS attempts, a.cause,
         a.exit_code, a.signal, a.error_type, a.error_message, a.label,
         datetime(a.started_us / 1000000, 'unixepoch', 'localtime') AS started,
         (a.finished_us - a.started_us) / 1e6 AS seconds, a.cpu_ns / 1e9 AS cpu_seconds,
         a.peak_memory, a.worker_pid
  FROM attempts a JOIN tasks t ON t.task = a.task
  WHERE a.settled OR a.outcome = 'running')sql"},
    {"results", R"sql(CREATE VIEW results AS
  SELECT t.name AS task, a.instance, a.label, a.result
  FROM attempts a JOIN tasks t ON t.task = a.task
  WHERE a.settled AND a.result IS NOT NULL)sql"},
    {"failures", R"sql(CREATE VIEW failures AS
  SELECT t.name AS task, a.instance, a.attempt AS attempts, a.cause, a.exit_code, a.signal,
         a.error_type, a.error_message, a.label, CAST(o.stderr AS TEXT) AS stderr
  FROM attempts a JOIN tasks t ON t.task = a.task
       LEFT JOIN outputs o
         ON o.task = a.task AND o.instance = a.instance AND o.attempt = a.attempt
  WHERE a.outcome = 'failed' AND a.settled)sql"},
    {"task_summary", R"sql(CREATE VIEW task_summary AS
  SELECT t.name AS task, t.kind, t.instances,
         count(CASE WHEN a.settled AND a.outcome = 'passed' THEN 1 END) AS passed,
         count(CASE WHEN a.settled AND a.outcome = 'failed' THEN 1 END) AS failed,
         coalesce(sum(CASE WHEN a.settled AND a.outcome = 'skipped'
                           THEN coalesce(a.instances, 1) END), 0) AS skipped,
         count(CASE WHEN a.settled AND a.outcome = 'cancelled' THEN 1 END) AS cancelled,
         count(CASE WHEN a.outcome = 'running' THEN 1 END) AS running,
         count(CASE WHEN a.attempt > 1 THEN 1 END) AS retries,
         coalesce(sum(a.finished_us - a.started_us), 0) / 1e6 AS seconds,
         coalesce(sum(a.cpu_ns), 0) / 1e9 AS cpu_seconds,
         coalesce(max(a.peak_memory), 0) AS peak_memory
  FROM tasks t LEFT JOIN attempts a ON a.task = t.task
  GROUP BY t.task)sql"},
}};

constexpr std::size_t header_size = 100;
constexpr std::size_t user_version_offset = 60;
constexpr std::size_t application_id_offset = 68;

std::uint32_t big_endian(const std::array<unsigned char, header_size>& bytes, std::size_t offset) {
  return std::uint32_t{bytes[offset]} << 24U | std::uint32_t{bytes[offset + 1]} << 16U |
         std::uint32_t{bytes[offset + 2]} << 8U | std::uint32_t{bytes[offset + 3]};
}

std::array<unsigned char, header_size> read_header(const std::filesystem::path& file) {
  // Not blocking: the name may belong to a pipe that nobody writes to.
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    throw RunError(
        fmt::format("cannot open the run database {}: {}", file.string(), std::strerror(errno)));
  }
  std::array<unsigned char, header_size> bytes{};
  struct stat status {};
  const bool regular = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  const ssize_t count = regular ? ::pread(fd, bytes.data(), bytes.size(), 0) : 0;
  ::close(fd);
  if (!regular) throw RunError(fmt::format("{} is not a file", file.string()));
  if (count == 0) {
    throw RunError(fmt::format("the run database {} is empty: its run was ended while it started",
                               file.string()));
  }
  if (count != static_cast<ssize_t>(header_size)) bytes.fill(0);
  return bytes;
}

}  // namespace

const char* run_table_statements() { return table_statements; }

std::span<const RunView> run_views() { return views; }

void check_run_database(const std::filesystem::path& file) {
  const auto header = read_header(file);
  const std::string_view magic("SQLite format 3\0", 16);
  if (std::memcmp(header.data(), magic.data(), magic.size()) != 0 ||
      big_endian(header, application_id_offset) != run_application_id) {
    throw RunError(
        fmt::format("{} is not a run database of procfarm; it is left as it is", file.string()));
  }
  const std::uint32_t version = big_endian(header, user_version_offset);
  if (version > run_schema_version) {
    throw RunError(fmt::format(
        "{} was written by a newer procfarm (format {}, this one knows {}); it is left as it is",
        file.string(), version, run_schema_version));
  }
}

bool is_network_file_system(std::uint64_t file_system_type) {
  constexpr std::uint64_t nfs = 0x6969;
  constexpr std::uint64_t lustre = 0x0bd00bd0;
  constexpr std::uint64_t gpfs = 0x47504653;
  constexpr std::uint64_t cifs = 0xff534d42;
  constexpr std::uint64_t smb2 = 0xfe534d42;
  const std::uint64_t type = file_system_type & 0xffffffffU;  // f_type is signed on some kernels
  return type == nfs || type == lustre || type == gpfs || type == cifs || type == smb2;
}

std::int64_t to_microseconds(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

TimePoint from_microseconds(std::int64_t microseconds) {
  // A damaged file may hold any number; so that differences of two fit as well.
  constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max() / 2000;
  return TimePoint(std::chrono::microseconds(std::clamp(microseconds, std::int64_t{0}, latest)));
}

namespace {
constexpr std::array<std::string_view, 5> outcome_names{"running", "passed", "failed", "skipped",
                                                        "cancelled"};
}  // namespace

std::string_view outcome_name(AttemptOutcome outcome) {
  return outcome_names.at(static_cast<std::size_t>(outcome));
}

std::optional<AttemptOutcome> outcome_named(std::string_view name) {
  for (std::size_t i = 0; i < outcome_names.size(); ++i) {
    if (outcome_names[i] == name) return static_cast<AttemptOutcome>(i);
  }
  return std::nullopt;
}

}  // namespace procfarm::cli
