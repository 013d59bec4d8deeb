// SPDX-License-Identifier: MIT
// thread_pool_core.cpp - the callers' side of a thread pool: in, out, and questions.
#include "thread_pool_core.hpp"

#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include <fmt/core.h>

#include "checked_options.hpp"
#include "dependencies.hpp"
#include "task_text.hpp"

namespace procfarm {
namespace {

std::uint64_t workers_of(const ThreadPoolOptions& options) {
  check_positive(options.max_workers, "max_workers");
  const int count = options.max_workers ? *options.max_workers : std::min(32, usable_cpus() + 4);
  return static_cast<std::uint64_t>(count);
}

}  // namespace

using detail::FutureState;

ThreadPoolCore::ThreadPoolCore(ThreadPoolOptions options)
    : options_(std::move(options)), max_workers_(workers_of(options_)) {
  check_limit(options_.max_pending, "max_pending");
}

ThreadPoolCore::~ThreadPoolCore() {
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.detach();
  }
}

FutureState* ThreadPoolCore::submit(const SharedOptions& options,
                                    std::unique_ptr<detail::LocalJob> job) {
  check_process();
  check_all(options.after());
  check_job(options, *job);
  Lock lock(mutex_);
  check_open();
  if (options_.max_pending) wait_for_room(lock);
  // So there is a thread as long as there is a task, whether or not more can be started later.
  if (workers_.empty()) start_worker();
  auto* const state = new FutureState(next_task_++, *this, options);
  state->submitted = steady_now();
  detail::retain(state);
  ++unsettled_;
  Task task{AnyFuture(state), std::move(job)};
  if (!options.waits) {
    make_ready(std::move(task));
  } else {
    waiting_.emplace(state->id, std::move(task));
    lock.unlock();
    watch_dependencies(*state);
  }
  return state;
}

void ThreadPoolCore::check_open() const {
  if (broken_) std::rethrow_exception(broken_->make());
  if (closed_) throw ShutdownError();
}

bool ThreadPoolCore::has_room() const {
  return closed_ || broken_ || unsettled_ - running_.size() < *options_.max_pending;
}

void ThreadPoolCore::wait_for_room(Lock& lock) {
  if (has_room()) return;
  // A task that submits to its own pool gives its turn to those that make room.
  const Serving& here = serving();
  Running* const attempt = here.core == this ? here.worker->innermost : nullptr;
  if (attempt != nullptr) block(*attempt);
  room_.wait(lock, [this] { return has_room(); });
  if (attempt != nullptr) unblock(*attempt);
  check_open();
}

void ThreadPoolCore::watch_dependencies(FutureState& state) {
  watch_all(*state.options,
            [core = weak_from_this(), id = state.id](std::optional<ErrorRecord> failed) {
              if (const auto alive = core.lock()) alive->released(id, std::move(failed));
            });
}

void ThreadPoolCore::released(std::uint64_t id, std::optional<ErrorRecord> failed) {
  Lock lock(mutex_);
  auto node = waiting_.extract(id);
  if (node.empty()) return;
  if (!failed) return make_ready(std::move(node.mapped()));
  Tasks tasks;
  tasks.push_back(std::move(node.mapped()));
  settle_unbegun(lock, std::move(tasks), failed);
}

void ThreadPoolCore::make_ready(Task task) {
  const FutureState& state = task.state();
  ready_.emplace(Turn{state.options->task.priority, state.id}, std::move(task));
  wake();
}

ThreadPoolCore::Task ThreadPoolCore::take_unbegun(const FutureState& state) {
  Task task;
  if (auto ready = ready_.extract(Turn{state.options->task.priority, state.id})) {
    task = std::move(ready.mapped());
  } else if (auto waiting = waiting_.extract(state.id)) {
    task = std::move(waiting.mapped());
  }
  return task;
}

ThreadPoolCore::Tasks ThreadPoolCore::take_all_unbegun() {
  Tasks tasks;
  for (auto& [turn, task] : ready_) tasks.push_back(std::move(task));
  for (auto& [id, task] : waiting_) tasks.push_back(std::move(task));
  ready_.clear();
  waiting_.clear();
  timers_.clear();
  return tasks;
}

void ThreadPoolCore::settle_unbegun(Lock& lock, Tasks tasks,
                                    const std::optional<ErrorRecord>& error) {
  const std::uint64_t count = tasks.size();
  unsettled_ -= count;
  announcing_ += count;
  (error ? failed_ : cancelled_) += count;
  room_.notify_all();
  lock.unlock();
  for (Task& task : tasks) {
    task.job.reset();
    error ? settle_error(task.state(), *error) : settle_cancelled(task.state());
  }
  tasks.clear();
  lock.lock();
  announcing_ -= count;
  if (ended()) work_.notify_all();
}

void ThreadPoolCore::shutdown(ShutdownOptions how) {
  if (!home_.is_current()) return;
  if (how.wait && !may_wait()) {
    throw std::logic_error(
        "shutdown(wait) on the callback thread, or in a task of the same executor, would wait for "
        "itself: use {.wait = false}");
  }
  Lock lock(mutex_);
  closed_ = true;
  suspended_ = false;
  room_.notify_all();
  draining_ |= how.cancel_futures;
  if (how.cancel_futures) settle_unbegun(lock, take_all_unbegun(), std::nullopt);
  wake_all();
  work_.notify_all();
  if (!how.wait) return;
  left_.wait(lock, [this] { return gone_ || workers_.empty(); });
  lock.unlock();
  join();
  callbacks_.finish();
}

void ThreadPoolCore::join() {
  std::lock_guard joining(join_mutex_);
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
}

void ThreadPoolCore::end(bool cancel_futures) noexcept {
  if (!home_.is_current()) return;
  try {
    shutdown({.wait = may_wait(), .cancel_futures = cancel_futures});
  } catch (const std::exception& error) {
    fmt::print(stderr, "procfarm: shutting down an executor failed: {}\n", error.what());
  }
}

void ThreadPoolCore::end_with_program() {
  if (home_.is_current() && may_wait()) shutdown({});
}

void ThreadPoolCore::suspend() {
  check_process();
  std::lock_guard lock(mutex_);
  suspended_ = true;
}

void ThreadPoolCore::resume() {
  check_process();
  std::lock_guard lock(mutex_);
  suspended_ = false;
  wake_all();
}

/// As many as there is something for.
void ThreadPoolCore::wake_all() {
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(ready_.size(), max_workers_); ++i) wake();
}

std::vector<WorkerInfo> ThreadPoolCore::workers() const {
  check_process();
  std::lock_guard lock(mutex_);
  std::vector<WorkerInfo> result;
  for (const auto& worker : workers_) {
    WorkerInfo info{::getpid(), host_name(), worker->innermost != nullptr, {}, worker->tasks_done};
    if (info.busy) {
      const FutureState& state = worker->innermost->state;
      const std::string& name = state.options->task.name;
      info.task = name.empty() ? std::to_string(state.id) : name;
    }
    result.push_back(std::move(info));
  }
  return result;
}

PoolStats ThreadPoolCore::stats() const {
  check_process();
  std::lock_guard lock(mutex_);
  PoolStats stats;
  stats.running = running_.size();
  stats.pending = unsettled_ - running_.size();
  stats.done = done_;
  stats.failed = failed_;
  stats.cancelled = cancelled_;
  stats.workers_started = workers_.size();
  return stats;
}

bool ThreadPoolCore::take_back(FutureState& state) {
  check_process();
  std::lock_guard lock(mutex_);
  Task task = take_unbegun(state);
  if (task.job == nullptr || !state.claim()) return false;
  state.extension().taken_back = std::move(task.job);
  --unsettled_;
  ++cancelled_;
  room_.notify_all();
  if (ended()) work_.notify_all();
  return true;
}

std::stop_source ThreadPoolCore::cancel_running(FutureState& state) {
  check_process();
  std::lock_guard lock(mutex_);
  if (const auto found = running_.find(state.id); found != running_.end()) {
    found->second->cancel_asked = true;
    return found->second->context.ask_to_stop();
  }
  // Its attempt has ended since the caller has looked, and another one is due.
  if (Task task = take_unbegun(state); task.job != nullptr) {
    task.cancel_asked = true;
    make_ready(std::move(task));
  }
  return std::stop_source(std::nostopstate);
}

bool ThreadPoolCore::running(const FutureState& state) const {
  std::lock_guard lock(mutex_);
  return running_.contains(state.id);
}

void ThreadPoolCore::describe(const FutureState& state, TaskInfo& info) const {
  std::lock_guard lock(mutex_);
  info.attempts = state.attempt();
  const auto found = running_.find(state.id);
  if (found == running_.end()) return;
  const wire::LocalTask& context = found->second->context;
  info.attempts = context.attempt;
  info.pid = ::getpid();
  info.host = host_name();
  info.started = wall_time(found->second->started);
  wire::LocalTask::Progress progress = context.progress();
  info.progress = progress.fraction;
  info.message = std::move(progress.message);
}

void ThreadPoolCore::run_callbacks(FutureState& state) { callbacks_.deliver(state); }

}  // namespace procfarm
