// SPDX-License-Identifier: MIT
// thread_pool_core.hpp - behind ThreadPoolExecutor: tables of tasks, and threads that take from
// them. All is guarded by one mutex; there is no thread besides the workers and the callbacks'.
//
//   submit ──▶ ready_ ──▶ running_ ──▶ settled
//     └─after─▶ waiting_ ◀─delay─┘       a task stands in exactly one of the three, until settled
//
// - A worker is idle (it counts as such from before its task is settled, so that who hears of the
//   result and submits again gets the same thread) or busy, or blocked in a wait
//   (thread_pool_wait). At most max_workers are busy. A thread is started when more could begin
//   than are idle.
// - Somebody idle watches the timers of delayed tasks as long as anything more could begin.
// - Workers leave when no submit can follow, all is settled and all who wait have been told. The
//   last one passes StateLocks::barrier(): no caller is inside then.
// - User code (calls, destructors of callables, arguments and results, stop callbacks) never runs
//   under the mutex. A stripe may be held when the mutex is taken, never the other way round.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <procfarm/thread_pool_executor.hpp>
#include <procfarm/wire/task_context.hpp>

#include "callback_thread.hpp"
#include "error_record.hpp"
#include "home_process.hpp"
#include "live_pools.hpp"
#include "local_core.hpp"

namespace procfarm {

/// Any thread.
class ThreadPoolCore final : public LocalCore,
                             public LivePool,
                             public std::enable_shared_from_this<ThreadPoolCore> {
 public:
  explicit ThreadPoolCore(ThreadPoolOptions options);
  ~ThreadPoolCore() override;

  detail::FutureState* submit(const SharedOptions& options,
                              std::unique_ptr<detail::LocalJob> job) override;
  void shutdown(ShutdownOptions options) override;
  void end(bool cancel_futures) noexcept override;
  void end_with_program() override;
  std::vector<WorkerInfo> workers() const override;
  PoolStats stats() const override;
  void suspend();
  void resume();

  // -- TaskHost -----------------------------------------------------------------------------------
  bool take_back(detail::FutureState& state) override;
  std::stop_source cancel_running(detail::FutureState& state) override;
  bool running(const detail::FutureState& state) const override;
  void describe(const detail::FutureState& state, TaskInfo& info) const override;
  void run_callbacks(detail::FutureState& state) override;
  void check_process() const override { home_.check(); }
  void begin_wait(std::span<detail::FutureState* const> states, bool for_all) override;
  void end_wait() override;

 private:
  using Clock = std::chrono::steady_clock;
  using Lock = std::unique_lock<std::mutex>;

  /// Accepted and not running.
  struct Task {
    AnyFuture future{};
    std::unique_ptr<detail::LocalJob> job{};
    bool cancel_asked = false;  // by a cancel(cancel_running) that met it between two attempts
    detail::FutureState& state() const { return *FutureAccess::state(future); }
  };
  using Tasks = std::vector<Task>;

  /// The place in ready_: higher priority first, then in order of submission.
  struct Turn {
    int priority;
    std::uint64_t id;
    bool operator<(const Turn& other) const {
      return priority != other.priority ? priority > other.priority : id < other.id;
    }
  };

  /// One attempt that a worker is making; on its stack.
  struct Running {
    Running(detail::FutureState& task, int number) : state(task), context(task.id, number) {}
    detail::FutureState& state;
    wire::LocalTask context;
    std::int64_t started = 0;  // steady clock ns
    bool cancel_asked = false;
    bool blocked = false;                         // in a wait, and not counted as busy
    std::vector<detail::FutureState*> awaited{};  // it cannot go on before all of them are settled
    Running* outer = nullptr;                     // waits in the same thread for this one
  };

  struct Worker {
    std::thread thread{};
    Running* innermost = nullptr;
    int depth = 0;  // how many attempts lie in each other
    std::uint64_t tasks_done = 0;
  };

  /// The worker whose thread this is, and its pool; null on other threads.
  struct Serving {
    ThreadPoolCore* core = nullptr;
    Worker* worker = nullptr;
  };
  static Serving& serving() noexcept;
  bool may_wait() const { return !callbacks_.is_current() && serving().core != this; }

  // -- callers (thread_pool_core.cpp); those with a Lock are called with it, and may let it go ----
  void check_open() const;
  bool has_room() const;
  void wait_for_room(Lock& lock);
  void watch_dependencies(detail::FutureState& state);
  void released(std::uint64_t id, std::optional<ErrorRecord> failed);
  void make_ready(Task task);
  Task take_unbegun(const detail::FutureState& state);  // no job: it is not there
  Tasks take_all_unbegun();
  void settle_unbegun(Lock& lock, Tasks tasks, const std::optional<ErrorRecord>& error);
  bool ended() const { return closed_ && unsettled_ == 0 && announcing_ == 0; }
  void join();

  // -- workers (thread_pool_worker.cpp) -----------------------------------------------------------
  void serve(Worker& self);
  void initialize();
  void release_due();
  void wake_all();
  bool may_begin() const { return !suspended_ && !ready_.empty() && busy_ < max_workers_; }
  void begin_first(Lock& lock, Worker& self);
  void run(Lock& lock, Worker& self, Task task);
  void conclude(Lock& lock, Task task, LocalAttempt attempt, bool cancelled);
  void leave(Lock lock);
  bool start_worker();
  void wake();

  // -- waits inside tasks (thread_pool_wait.cpp) --------------------------------------------------
  void run_awaited(Lock& lock, Worker& self, detail::FutureState& state);
  bool leads_back(const Running& from) const;
  void block(Running& attempt);
  void unblock(Running& attempt);

  const ThreadPoolOptions options_;
  const std::uint64_t max_workers_;
  const HomeProcess home_;
  CallbackThread callbacks_;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable work_, room_, left_;
  std::map<Turn, Task> ready_;
  std::unordered_map<std::uint64_t, Task> waiting_;  // for `after`, or for its next attempt
  std::set<std::pair<Clock::time_point, std::uint64_t>> timers_;  // stale where the task is gone
  std::unordered_map<std::uint64_t, Running*> running_;
  std::vector<std::unique_ptr<Worker>> workers_;  // none is removed before the core
  std::uint64_t idle_ = 0, busy_ = 0, live_ = 0;
  std::uint64_t unsettled_ = 0;   // in the three tables
  std::uint64_t announcing_ = 0;  // settled outside of workers, futures not told yet
  std::uint64_t next_task_ = 1;
  std::uint64_t done_ = 0, failed_ = 0, cancelled_ = 0;
  bool suspended_ = false, closed_ = false, gone_ = false;
  bool draining_ = false;  // what has begun is not begun again
  std::optional<ErrorRecord> broken_{};

  std::mutex join_mutex_;  // threads are joined under it
};

}  // namespace procfarm
