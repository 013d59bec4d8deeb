// SPDX-License-Identifier: MIT
// task_context.hpp - the other side of this_task: the worker's serve loop says here which task is
// running. There is one task at a time per worker process, hence one context per process: tasks may
// ask from threads of their own, so it cannot be handed down as an argument.
// Executors that run tasks on threads of this very process say it for one thread: LocalTask.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace procfarm::wire {

/// What a worker provides once, before its first task. Both may be null; `worker` is passed back.
struct TaskHooks {
  void* worker = nullptr;
  bool (*stop_requested)(void* worker) = nullptr;  // of the running task; any thread
  void (*progress)(void* worker, double fraction,
                   std::string_view message) = nullptr;  // any thread
};

/// This process is a worker from now on. Before its first task.
void enter_worker(const TaskHooks& hooks);

/// Main thread, around each task. `id` is what the coordinator calls it, `attempt` counts from 1.
void begin_task(std::uint64_t id, int attempt) noexcept;
void end_task() noexcept;

/// Fires the stop token of task `id` if that is running. The thread of Watch; callbacks that the
/// task has attached run in here. Only after the hook `stop_requested` would say true.
void fire_stop_token(std::uint64_t id);

/// One attempt of a task that runs on a thread of this process. Any thread.
class LocalTask {
 public:
  struct Progress {
    double fraction = 0;
    std::string message{};
  };

  LocalTask(std::uint64_t task, int number) noexcept : id(task), attempt(number) {}
  LocalTask(const LocalTask&) = delete;
  LocalTask& operator=(const LocalTask&) = delete;
  ~LocalTask() = default;

  /// From now on the task is asked to stop. What is returned is to be fired while no lock is held:
  /// that runs the task's callbacks.
  std::stop_source ask_to_stop();
  bool stop_requested() const noexcept { return stop_.load(std::memory_order_acquire); }
  std::stop_token stop_token();

  void set_progress(double fraction, std::string_view message);
  Progress progress() const;

  const std::uint64_t id;
  const int attempt;

 private:
  std::stop_source& source();

  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::optional<std::stop_source> source_;  // guarded by mutex_, made when it is asked for
  Progress progress_;                       // guarded by mutex_
};

/// Is this_task, on this thread, a LocalTask?
bool in_local_task() noexcept;

/// What this_task speaks of on this thread for as long as it lives; they nest.
class LocalTaskScope {
 public:
  explicit LocalTaskScope(LocalTask& task) noexcept;
  ~LocalTaskScope();
  LocalTaskScope(const LocalTaskScope&) = delete;
  LocalTaskScope& operator=(const LocalTaskScope&) = delete;

 private:
  LocalTask* const outer_;
};

}  // namespace procfarm::wire
