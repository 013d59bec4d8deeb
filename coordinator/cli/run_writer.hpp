// SPDX-License-Identifier: MIT
// run_writer.hpp - records a run while it goes on: the tool's loop hands records over, one thread
// of its own commits them in batches, so that dispatch never waits for the disk.
//
//   main loop --record()--> queue (bounded by bytes) --> writer thread --commit--> run.db
//                                                             `--> committed(sequence),
//                                                             failed(text)
// A finished attempt is committed at once by an idle writer, and at most `commit_interval` later by
// a busy one. A start waits up to `start_delay` for its finish, so that a short task is one row.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "run_directory.hpp"
#include "run_record.hpp"
#include "run_store.hpp"

namespace procfarm::cli {

using RunRecord = std::variant<TaskDescription, InstanceCount, AttemptStarted, AttemptFinished,
                               RunEnd, InstanceReopened, ShelvedRows, RestoredRows, TasksForgotten>;

struct RunWriterOptions {
  bool durable = false;                           // --durability=full: a power cut loses nothing
  std::size_t queue_limit = 64U * 1024U * 1024U;  // bytes; record() waits while more are queued
  /// In the writer thread, after a commit: every record but a start, up to this sequence number, is
  /// in the file. Must neither throw nor wait.
  std::function<void(std::uint64_t sequence)> committed{};
  /// In the writer thread, once: from now on nothing is written. Must neither throw nor wait.
  std::function<void(const std::string& text)> failed{};
};

/// Any thread. Holds the run's lock as long as it lives.
class RunWriter {
 public:
  static constexpr std::chrono::milliseconds commit_interval{20};
  static constexpr std::chrono::milliseconds start_delay{50};
  static constexpr std::size_t rows_per_commit = 10'000;

  /// Makes the database of a new run. Throws RunError or SQLite::Exception.
  static std::unique_ptr<RunWriter> create(const RunDirectory& directory, const RunDescription& run,
                                           RunWriterOptions options = {});
  /// Goes on with an earlier run, as RunStore::reopen() tells. Throws RunError if it is in use.
  static std::unique_ptr<RunWriter> reopen(const RunDirectory& directory, const RunDescription& run,
                                           RunWriterOptions options = {});

  /// Commits what is queued and closes the file.
  ~RunWriter();
  RunWriter(const RunWriter&) = delete;
  RunWriter& operator=(const RunWriter&) = delete;

  /// Hands a record over and returns its sequence number, counted from 1. Waits while the queue is
  /// full. After a failure the record is dropped.
  std::uint64_t record(RunRecord&& record);

  /// What was recorded so far is to be committed without waiting for company.
  void hurry();

  /// Waits until everything recorded so far, starts too, is committed; false if that failed.
  bool flush();

  /// Why nothing is written any more: path and cause.
  std::optional<std::string> failure() const;

  /// Something the user should know about how the database is written.
  const std::optional<std::string>& note() const { return store_->note(); }

 private:
  using Clock = std::chrono::steady_clock;

  RunWriter(std::unique_ptr<RunLock> lock, std::unique_ptr<RunStore> store,
            RunWriterOptions options);

  void work();
  bool take_batch();
  bool is_urgent() const;
  std::optional<Clock::time_point> next_due() const;
  void write_batch();
  void write_slice(std::size_t begin, std::size_t end);
  bool write(const RunRecord& record);
  bool write_held_starts();
  void report(std::uint64_t sequence, std::size_t freed);
  void fail(const std::string& text);

  const std::unique_ptr<RunLock> lock_;    // outlives the store
  const std::unique_ptr<RunStore> store_;  // the writer thread's, but for note()
  const RunWriterOptions options_;

  mutable std::mutex mutex_;  // guards these, up to the empty line
  std::condition_variable work_arrived_;
  std::condition_variable progress_made_;
  std::vector<RunRecord> queue_;
  std::size_t bytes_ = 0;       // queued or being written
  std::uint64_t recorded_ = 0;  // sequence number of the last record
  std::uint64_t complete_ = 0;  // up to here all is committed, starts too
  std::uint64_t flush_target_ = 0;
  bool stopping_ = false;
  std::optional<std::string> failure_;

  // The writer thread's own.
  std::vector<RunRecord> batch_;
  std::uint64_t batch_end_ = 0;  // sequence number of the batch's last record
  bool batch_is_flush_ = false;
  std::unordered_map<AttemptKey, AttemptStarted, AttemptKeyHash> held_starts_;
  Clock::time_point held_since_{};
  Clock::time_point last_commit_{};

  std::thread thread_;  // last: all it touches is built before it
};

}  // namespace procfarm::cli
