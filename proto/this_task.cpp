// SPDX-License-Identifier: MIT
// this_task.cpp - the task of this thread if there is one, else the one of this worker process: see
// wire/task_context.hpp.
// The stop source is made only when a task asks for its token: most never do, and then a task costs
// no lock.
#include <procfarm/this_task.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <optional>
#include <utility>

#include <procfarm/wire/task_context.hpp>

namespace procfarm {

namespace {

// Global, because the threads of a task ask without being given anything.
constinit wire::TaskHooks hooks;  // set once, before the first task
constinit std::atomic<bool> is_worker = false;
constinit std::atomic<int> current_attempt = 0;  // 0: no task
constinit std::atomic<std::uint64_t> current_id = 0;
constinit std::atomic<bool> source_made = false;

constinit thread_local wire::LocalTask* local_task = nullptr;

/// Guards the source between the threads of the task and the watch.
struct StopSource {
  std::mutex mutex;
  std::optional<std::stop_source> source;
};
StopSource& stop_source() {
  static StopSource instance;
  return instance;
}

bool in_task() { return current_attempt.load(std::memory_order_acquire) != 0; }

}  // namespace

namespace wire {

void enter_worker(const TaskHooks& new_hooks) {
  hooks = new_hooks;
  is_worker.store(true, std::memory_order_release);
}

void begin_task(std::uint64_t id, int attempt) noexcept {
  current_id.store(id, std::memory_order_relaxed);
  current_attempt.store(attempt, std::memory_order_release);
}

void end_task() noexcept {
  current_attempt.store(0, std::memory_order_release);
  if (!source_made.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(stop_source().mutex);
  source_made.store(false, std::memory_order_relaxed);
  stop_source().source.reset();
}

void fire_stop_token(std::uint64_t id) {
  std::optional<std::stop_source> source;
  {
    const std::lock_guard lock(stop_source().mutex);
    if (!in_task() || current_id.load(std::memory_order_relaxed) != id) return;
    source = stop_source().source;
  }
  // Outside the lock: this runs the task's callbacks.
  if (source) source->request_stop();
}

std::stop_source LocalTask::ask_to_stop() {
  stop_.store(true, std::memory_order_release);
  const std::lock_guard lock(mutex_);
  return source();
}

std::stop_token LocalTask::stop_token() {
  std::stop_source made{std::nostopstate};
  {
    const std::lock_guard lock(mutex_);
    made = source();
  }
  if (stop_requested()) made.request_stop();
  return made.get_token();
}

std::stop_source& LocalTask::source() {
  if (!source_) source_.emplace();
  return *source_;
}

void LocalTask::set_progress(double fraction, std::string_view message) {
  const std::lock_guard lock(mutex_);
  progress_.fraction = fraction;
  progress_.message = message;
}

LocalTask::Progress LocalTask::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

bool in_local_task() noexcept { return local_task != nullptr; }

LocalTaskScope::LocalTaskScope(LocalTask& task) noexcept
    : outer_(std::exchange(local_task, &task)) {}

LocalTaskScope::~LocalTaskScope() { local_task = outer_; }

}  // namespace wire

namespace this_task {

bool in_worker() { return is_worker.load(std::memory_order_acquire); }

int attempt() {
  if (local_task != nullptr) return local_task->attempt;
  return current_attempt.load(std::memory_order_acquire);
}

std::string id() {
  if (local_task != nullptr) return std::to_string(local_task->id);
  return in_task() ? std::to_string(current_id.load(std::memory_order_relaxed)) : std::string();
}

bool stop_requested() {
  if (local_task != nullptr) return local_task->stop_requested();
  return in_task() && hooks.stop_requested != nullptr && hooks.stop_requested(hooks.worker);
}

std::stop_token stop_token() {
  if (local_task != nullptr) return local_task->stop_token();
  if (!in_task()) return {};
  std::stop_source source;
  {
    const std::lock_guard lock(stop_source().mutex);
    if (!stop_source().source) {
      stop_source().source.emplace();
      source_made = true;
    }
    source = *stop_source().source;
  }
  // The order to stop may have come before there was a source to fire.
  if (stop_requested()) source.request_stop();
  return source.get_token();
}

void progress(double fraction, std::string_view message) {
  if (std::isnan(fraction)) return;
  const double clamped = std::clamp(fraction, 0.0, 1.0);
  if (local_task != nullptr) return local_task->set_progress(clamped, message);
  if (!in_task() || hooks.progress == nullptr) return;
  hooks.progress(hooks.worker, clamped, message);
}

}  // namespace this_task
}  // namespace procfarm
