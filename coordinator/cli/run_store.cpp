// SPDX-License-Identifier: MIT
// run_store.cpp - the pragmas that make commits cheap, and one function per kind of record. What a
// resumed run does to the rows of before stands in run_store_resume.cpp.
//
// A new file is made without a journal in one transaction (nothing is lost if that is cut short),
// so that its head carries our mark from the first write on; only then the write-ahead log begins.
#include "run_store.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <SQLiteCpp/Exception.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <fmt/format.h>
#include <cerrno>
#include <cstring>

#include "run_schema.hpp"

namespace procfarm::cli {
namespace {

constexpr int pages_per_checkpoint = 4000;
constexpr int patience_with_readers_ms = 10'000;
constexpr std::size_t longest_path = 512;  // SQLite's own limit

constexpr const char* insert_task_sql =
    "INSERT OR REPLACE INTO tasks (task, name, kind, definition, instances) VALUES (?,?,?,?,?)";
constexpr const char* insert_started_sql =
    "INSERT OR IGNORE INTO attempts (task, instance, attempt, outcome, settled, worker_pid,"
    " started_us, hash, label) VALUES (?,?,?,'running',0,?,?,?,?)";
constexpr const char* insert_output_sql =
    "INSERT OR REPLACE INTO outputs (task, instance, attempt, stdout, stderr) VALUES (?,?,?,?,?)";
constexpr const char* insert_finished_sql =
    "INSERT OR REPLACE INTO attempts (task, instance, attempt, outcome, settled, cause, worker_pid,"
    " started_us, finished_us, exit_code, signal, cpu_ns, peak_memory, error_type, error_message,"
    " hash, label, result, instances) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

/// Binds values to a statement's parameters from left to right. What is empty becomes NULL. The
/// values must stay where they are until the statement has run: nothing is copied.
class Row {
 public:
  explicit Row(SQLite::Statement& statement) : statement_(statement) { statement_.clearBindings(); }

  Row& integer(std::int64_t value) {
    statement_.bind(++index_, value);
    return *this;
  }
  Row& integer_unless_zero(std::int64_t value) { return value == 0 ? none() : integer(value); }
  Row& optional_integer(const std::optional<int>& value) {
    return value ? integer(*value) : none();
  }
  Row& time(TimePoint value) { return integer_unless_zero(to_microseconds(value)); }
  Row& text(const std::string& value) {
    statement_.bindNoCopy(++index_, value);
    return *this;
  }
  Row& static_text(std::string_view value) {
    statement_.bindNoCopy(++index_, value.data());
    return *this;
  }
  Row& text_unless_empty(const std::string& value) { return value.empty() ? none() : text(value); }
  Row& bytes(const std::string& value) {
    statement_.bindNoCopy(++index_, static_cast<const void*>(value.data()),
                          static_cast<int>(value.size()));
    return *this;
  }
  Row& bytes_unless_empty(const std::string& value) {
    return value.empty() ? none() : bytes(value);
  }
  Row& optional_bytes(const std::optional<std::string>& value) {
    return value ? bytes(*value) : none();
  }
  Row& key(const AttemptKey& key) {
    integer(key.instance.task).integer(static_cast<std::int64_t>(key.instance.index));
    return integer(key.attempt);
  }
  void run() {
    statement_.exec();
    statement_.reset();
  }

 private:
  Row& none() {
    ++index_;
    return *this;
  }

  SQLite::Statement& statement_;
  int index_ = 0;
};

/// SQLite itself would make the file readable for the group.
void make_private_file(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    throw RunError(
        fmt::format("cannot make the run database {}: {}", file.string(), std::strerror(errno)));
  }
  ::close(fd);
}

}  // namespace

RunStore::RunStore(const RunDirectory& directory)
    : file_(directory.database()),
      database_(file_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX,
                patience_with_readers_ms),
      insert_task_(database_, insert_task_sql),
      insert_started_(database_, insert_started_sql),
      insert_finished_(database_, insert_finished_sql),
      insert_output_(database_, insert_output_sql) {}

std::unique_ptr<RunStore> RunStore::create(const RunDirectory& directory, const RunDescription& run,
                                           bool durable) {
  const std::string file = directory.database().string();
  if (file.size() > longest_path) {
    throw RunError(fmt::format("cannot make the run database {}: its path is longer than {} bytes",
                               file, longest_path));
  }
  make_private_file(file);
  std::unique_ptr<RunStore> store;
  try {
    store.reset(new RunStore(directory));
    store->make_tables(run, durable);
    store->set_journal(durable);
  } catch (const SQLite::Exception& error) {  // half a database is none
    const std::string text =
        store ? store->failure_text(error) : fmt::format("cannot open {}: {}", file, error.what());
    store.reset();
    for (const char* ending : {"", "-wal", "-shm"}) ::unlink((file + ending).c_str());
    throw RunError(text);
  }
  return store;
}

void RunStore::make_tables(const RunDescription& run, bool durable) {
  database_.exec("PRAGMA journal_mode = OFF;");
  database_.exec(durable ? "PRAGMA synchronous = FULL;" : "PRAGMA synchronous = OFF;");
  begin();
  database_.exec(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};",
                             run_application_id, run_schema_version));
  database_.exec(run_table_statements());
  insert_views();
  insert_run(run);
  commit();
}

/// As rows of the schema table, which is what they are: CREATE VIEW would also have SQLite
/// understand them, which takes longer than all tables, and nobody reads them here.
void RunStore::insert_views() {
  database_.exec("PRAGMA writable_schema = ON;");
  SQLite::Statement insert(database_, "INSERT INTO sqlite_schema VALUES ('view', ?1, ?1, 0, ?2)");
  for (const RunView& view : run_views())
    Row(insert).static_text(view.name).static_text(view.sql).run();
  database_.exec("PRAGMA writable_schema = OFF;");
}

/// Leaves one plain file that can be copied and read anywhere. Someone who is reading it prevents
/// that, and an error was told before: both leave the write-ahead log, which does no harm.
RunStore::~RunStore() {
  for (Insert* insert : inserts()) insert->finalize();
  row_mover_.reset();
  if (in_transaction_) return;
  sqlite3_busy_timeout(database_.getHandle(), 0);
  // One sector is left to write then: no file has to undo it, and it need not be waited for.
  if (checkpoint_all()) database_.tryExec("PRAGMA synchronous = OFF;");
  database_.tryExec("PRAGMA journal_mode = MEMORY;");
}

/// Brings what is in the write-ahead log into the file, and that to the disk. False if somebody who
/// reads prevents it, or it cannot be written.
bool RunStore::checkpoint_all() {
  try {
    SQLite::Statement checkpoint(database_, "PRAGMA wal_checkpoint(PASSIVE)");
    if (!checkpoint.executeStep()) return false;
    const int busy = checkpoint.getColumn(0), in_log = checkpoint.getColumn(1);
    const int in_file = checkpoint.getColumn(2);
    return busy == 0 && in_log == in_file;
  } catch (const SQLite::Exception&) {
    return false;
  }
}

void RunStore::set_journal(bool durable) {
  struct statfs status {};
  const bool network = ::statfs(file_.c_str(), &status) == 0 &&
                       is_network_file_system(static_cast<std::uint64_t>(status.f_type));
  if (network) {
    database_.exec("PRAGMA locking_mode = EXCLUSIVE;");
    note_ =
        fmt::format("{} is on a network file system: it can be read only when the run has ended",
                    file_.string());
  }
  database_.exec(network ? "PRAGMA journal_mode = DELETE;" : "PRAGMA journal_mode = WAL;");
  database_.exec(durable ? "PRAGMA synchronous = FULL;" : "PRAGMA synchronous = NORMAL;");
  database_.exec(fmt::format("PRAGMA wal_autocheckpoint = {};", pages_per_checkpoint));
}

void RunStore::prepare() {
  for (Insert* insert : inserts()) insert->statement();
}

void RunStore::insert_run(const RunDescription& run) {
  SQLite::Statement insert(database_,
                           "INSERT INTO run (id, name, job_file, job_text, job_hash, command_line,"
                           " version, host, pid, workers, started_us, state)"
                           " VALUES (?,?,?,?,?,?,?,?,?,?,?,'running')");
  Row row(insert);
  row.text(run.id).text(run.name).text(run.job_file).text(run.job_text).text(run.job_hash);
  row.text(run.command_line).text(run.version).text(run.host);
  row.integer(run.pid).integer(run.workers).integer(to_microseconds(run.started)).run();
}

void RunStore::begin() {
  if (in_transaction_) return;
  database_.exec("BEGIN IMMEDIATE");
  in_transaction_ = true;
}

void RunStore::commit() {
  if (!in_transaction_) return;
  database_.exec("COMMIT");
  in_transaction_ = false;
}

void RunStore::write(const TaskDescription& task) {
  Row row(insert_task_.statement());
  row.integer(task.task).text(task.name).text(task.kind).text(task.definition);
  if (task.instances) row.integer(static_cast<std::int64_t>(*task.instances));
  row.run();
}

void RunStore::write(const InstanceCount& count) {
  SQLite::Statement update(database_, "UPDATE tasks SET instances = ? WHERE task = ?");
  Row(update).integer(static_cast<std::int64_t>(count.instances)).integer(count.task).run();
}

void RunStore::write(const AttemptStarted& attempt) {
  Row row(insert_started_.statement());
  row.key(attempt.key).integer(attempt.worker_pid).time(attempt.started);
  row.bytes_unless_empty(attempt.hash).text_unless_empty(attempt.label).run();
}

void RunStore::write(const AttemptFinished& attempt) {
  Row row(insert_finished_.statement());
  row.key(attempt.key).static_text(outcome_name(attempt.outcome)).integer(attempt.settled ? 1 : 0);
  row.text_unless_empty(attempt.cause).integer_unless_zero(attempt.worker_pid);
  row.time(attempt.started).time(attempt.finished);
  row.optional_integer(attempt.exit_code).optional_integer(attempt.signal);
  row.integer_unless_zero(attempt.cpu_time.count());
  row.integer_unless_zero(static_cast<std::int64_t>(attempt.peak_memory));
  row.text_unless_empty(attempt.error_type).text_unless_empty(attempt.error_message);
  row.bytes_unless_empty(attempt.hash).text_unless_empty(attempt.label);
  row.optional_bytes(attempt.result);
  if (attempt.instances != 1) row.integer(static_cast<std::int64_t>(attempt.instances));
  row.run();
  if (!attempt.stdout_bytes.empty() || !attempt.stderr_bytes.empty()) write_output(attempt);
}

void RunStore::write_output(const AttemptFinished& attempt) {
  Row row(insert_output_.statement());
  row.key(attempt.key).bytes_unless_empty(attempt.stdout_bytes);
  row.bytes_unless_empty(attempt.stderr_bytes).run();
}

void RunStore::write(const RunEnd& end) {
  SQLite::Statement update(database_, "UPDATE run SET state = ?, exit_code = ?, finished_us = ?");
  Row(update).text(end.state).integer(end.exit_code).integer(to_microseconds(end.finished)).run();
}

std::string RunStore::failure_text(const std::exception& error) const {
  std::string text =
      fmt::format("cannot write the run database {}: {}", file_.string(), error.what());
  const int cause = sqlite3_system_errno(database_.getHandle());
  if (cause != 0) text += fmt::format(" ({})", std::strerror(cause));
  return text;
}

}  // namespace procfarm::cli
