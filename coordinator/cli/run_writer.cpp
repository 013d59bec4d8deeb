// SPDX-License-Identifier: MIT
// run_writer.cpp - the queue and the writer thread.
//
// Several records share a commit because a commit costs whole pages: after one the thread waits for
// company, but never longer than `commit_interval`. The first error ends the thread for good: a
// failed write may have been half done, so repeating it would prove nothing.
#include "run_writer.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <procfarm/wire/signals_blocked.hpp>

namespace procfarm::cli {
namespace {

std::size_t bytes_of(const RunRecord& record) {
  std::size_t size = sizeof(RunRecord);
  if (const auto* task = std::get_if<TaskDescription>(&record)) {
    size += task->name.size() + task->definition.size();
  } else if (const auto* started = std::get_if<AttemptStarted>(&record)) {
    size += started->label.size() + started->hash.size();
  } else if (const auto* done = std::get_if<AttemptFinished>(&record)) {
    size += done->label.size() + done->hash.size() + done->error_message.size();
    size += done->stdout_bytes.size() + done->stderr_bytes.size();
    size += done->result ? done->result->size() : 0;
  }
  return size;
}

}  // namespace

std::unique_ptr<RunWriter> RunWriter::create(const RunDirectory& directory,
                                             const RunDescription& run, RunWriterOptions options) {
  auto lock = std::make_unique<RunLock>(directory);
  auto store = RunStore::create(directory, run, options.durable);
  if (options.durable) sync_run_directory(directory);
  return std::unique_ptr<RunWriter>(
      new RunWriter(std::move(lock), std::move(store), std::move(options)));
}

std::unique_ptr<RunWriter> RunWriter::reopen(const RunDirectory& directory,
                                             const RunDescription& run, RunWriterOptions options) {
  check_run_database(directory.database());  // before the lock leaves a file beside a foreign one
  auto lock = std::make_unique<RunLock>(directory);
  auto store = RunStore::reopen(directory, run, options.durable);
  return std::unique_ptr<RunWriter>(
      new RunWriter(std::move(lock), std::move(store), std::move(options)));
}

RunWriter::RunWriter(std::unique_ptr<RunLock> lock, std::unique_ptr<RunStore> store,
                     RunWriterOptions options)
    : lock_(std::move(lock)), store_(std::move(store)), options_(std::move(options)) {
  const wire::AllSignalsBlocked blocked;
  thread_ = std::thread([this] { work(); });
}

RunWriter::~RunWriter() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  work_arrived_.notify_one();
  thread_.join();
}

std::uint64_t RunWriter::record(RunRecord&& record) {
  const std::size_t size = bytes_of(record);
  std::unique_lock lock(mutex_);
  // An empty queue takes any record, however large.
  progress_made_.wait(
      lock, [&] { return failure_ || bytes_ == 0 || bytes_ + size <= options_.queue_limit; });
  const std::uint64_t sequence = ++recorded_;
  if (failure_) return sequence;
  queue_.push_back(std::move(record));
  bytes_ += size;
  const bool wake = queue_.size() == 1 || is_urgent();
  lock.unlock();
  if (wake) work_arrived_.notify_one();
  return sequence;
}

void RunWriter::hurry() {
  {
    const std::lock_guard guard(mutex_);
    flush_target_ = recorded_;
  }
  work_arrived_.notify_one();
}

bool RunWriter::flush() {
  hurry();
  std::unique_lock lock(mutex_);
  const std::uint64_t target = flush_target_;
  progress_made_.wait(lock, [&] { return failure_ || complete_ >= target; });
  return complete_ >= target;
}

std::optional<std::string> RunWriter::failure() const {
  const std::lock_guard guard(mutex_);
  return failure_;
}

void RunWriter::work() {
  try {
    while (take_batch()) write_batch();
  } catch (const std::exception& error) {
    fail(store_->failure_text(error));
  }
}

/// Waits until there is something to do and takes all that is queued; false when it is the end.
bool RunWriter::take_batch() {
  std::unique_lock lock(mutex_);
  while (!stopping_ && !is_urgent()) {
    const auto due = next_due();
    if (!due) {
      work_arrived_.wait(lock);
    } else if (*due <= Clock::now()) {
      break;
    } else {
      work_arrived_.wait_until(lock, *due);
    }
  }
  batch_.clear();
  batch_.swap(queue_);
  batch_end_ = recorded_;
  batch_is_flush_ = stopping_ || flush_target_ > complete_;
  return !(stopping_ && batch_.empty() && held_starts_.empty());
}

/// Whether what is queued is not to wait for company.
bool RunWriter::is_urgent() const {
  return flush_target_ > complete_ || queue_.size() >= rows_per_commit ||
         bytes_ > options_.queue_limit / 2;
}

/// When to look at what is queued or held; nothing while there is neither.
std::optional<RunWriter::Clock::time_point> RunWriter::next_due() const {
  std::optional<Clock::time_point> due;
  if (!queue_.empty()) due = last_commit_ + commit_interval;
  if (!held_starts_.empty()) {
    const auto starts = held_since_ + start_delay;
    due = due ? std::min(*due, starts) : starts;
  }
  return due;
}

void RunWriter::write_batch() {
  for (std::size_t begin = 0; begin < batch_.size(); begin += rows_per_commit) {
    write_slice(begin, std::min(begin + rows_per_commit, batch_.size()));
  }
  const bool overdue = !held_starts_.empty() && Clock::now() - held_since_ >= start_delay;
  if ((batch_is_flush_ || overdue) && write_held_starts()) store_->commit();
  if (!held_starts_.empty()) return;
  {
    const std::lock_guard guard(mutex_);
    complete_ = batch_end_;
  }
  progress_made_.notify_all();
}

void RunWriter::write_slice(std::size_t begin, std::size_t end) {
  std::size_t freed = 0;
  bool written = false;
  for (std::size_t i = begin; i < end; ++i) {
    freed += bytes_of(batch_[i]);
    written = write(batch_[i]) || written;
  }
  store_->commit();
  if (written) last_commit_ = Clock::now();
  report(batch_end_ - (batch_.size() - end), freed);
}

/// Writes the row of `record`, or holds it if it is a start; true if there is something to commit.
bool RunWriter::write(const RunRecord& record) {
  if (const auto* started = std::get_if<AttemptStarted>(&record)) {
    if (held_starts_.empty()) held_since_ = Clock::now();
    held_starts_.insert_or_assign(started->key, *started);
    return false;
  }
  if (const auto* finished = std::get_if<AttemptFinished>(&record)) {
    if (!held_starts_.empty()) held_starts_.erase(finished->key);
  }
  store_->begin();
  std::visit([this](const auto& value) { store_->write(value); }, record);
  return true;
}

bool RunWriter::write_held_starts() {
  if (held_starts_.empty()) return false;
  store_->begin();
  for (const auto& [key, started] : held_starts_) store_->write(started);
  held_starts_.clear();
  return true;
}

void RunWriter::report(std::uint64_t sequence, std::size_t freed) {
  {
    const std::lock_guard guard(mutex_);
    bytes_ -= freed;
  }
  progress_made_.notify_all();
  if (options_.committed) options_.committed(sequence);
}

/// Who waits here must find that it was told: flush() ends only after that.
void RunWriter::fail(const std::string& text) {
  if (options_.failed) options_.failed(text);
  {
    const std::lock_guard guard(mutex_);
    failure_ = text;
    queue_.clear();
  }
  progress_made_.notify_all();
}

}  // namespace procfarm::cli
