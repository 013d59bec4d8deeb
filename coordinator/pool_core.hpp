// SPDX-License-Identifier: MIT
// pool_core.hpp - what the caller's side of an executor is made of: the inbox of its driver, the
// seats, the counters and the callback thread. Outlives the executor handle as long as work is
// going on.
//
//   caller threads --submit, cancel, shutdown--> Inbox --> driver thread (driver.hpp)
//   caller threads <--futures, stats-- seats, counters <-- driver thread
//
// Ends like this: the driver leaves when no submit can follow and everything is settled; it has
// passed StateLocks::barrier() then, so no caller is inside. The callback thread drains its queue
// and leaves.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <procfarm/codec.hpp>
#include <procfarm/function_id.hpp>
#include <procfarm/options.hpp>
#include <procfarm/task_info.hpp>
#include <procfarm/wire/unique_fd.hpp>

#include "argument_blocks.hpp"
#include "callback_thread.hpp"
#include "future_state.hpp"
#include "home_process.hpp"
#include "live_pools.hpp"
#include "seats.hpp"
#include "shared_options.hpp"

namespace procfarm {

class Driver;

/// What callers ask of the driver besides new tasks.
namespace command {
struct Cancelled {
  std::uint64_t task;
  std::uint64_t bytes;
};  // its future is settled already
struct CancelRunning {
  std::uint64_t task;
};
struct Released {
  std::uint64_t task;
};  // all of `after` have succeeded
struct DependencyFailed {
  std::uint64_t task;
  ErrorRecord error;
};
// Each promise is dropped if what it stands for will never be.
struct Close {
  bool cancel_pending;
  std::shared_ptr<std::promise<void>> cancelled;
};
struct EndWorkers {
  int signal;
  std::shared_ptr<std::promise<void>> cancelled;  // what has not begun
};                                                // terminate_workers, kill_workers
struct Suspend {
  std::shared_ptr<std::promise<void>> stopped;
};
struct Resume {};
}  // namespace command
using DriverCommand = std::variant<command::Cancelled, command::CancelRunning, command::Released,
                                   command::DependencyFailed, command::Close, command::EndWorkers,
                                   command::Suspend, command::Resume>;

/// Counters of stats(); the driver (and cancel()) add, `done` the driver alone; anyone reads.
struct PoolCounters {
  std::atomic<std::uint64_t> done{0}, failed{0}, cancelled{0}, workers_started{0}, workers_lost{0},
      late_results{0};
};

class PoolCore final : public TaskHost,
                       public LivePool,
                       public std::enable_shared_from_this<PoolCore> {
 public:
  /// Starts supervisor and driver. Throws what ProcessPoolExecutor's constructors promise.
  static std::shared_ptr<PoolCore> start(ProcessPoolOptions options);
  explicit PoolCore(ProcessPoolOptions options);
  ~PoolCore() override;

  // -- any caller's thread ------------------------------------------------------------------------
  /// Large arguments that `arguments` has written into blocks() stay where they are.
  detail::FutureState* submit(const SharedOptions& options, FunctionId function, Writer& arguments);
  detail::FutureState* submit(const SharedOptions& options, FunctionId function,
                              std::string_view arguments);
  /// `payload` is that of a chunk with so many items (wire/chunk.hpp); they take as many ids.
  detail::FutureState* submit_chunk(const SharedOptions& options, FunctionId function,
                                    std::string_view payload, std::uint32_t items);
  detail::FutureState* submit_chunk(const SharedOptions& options, FunctionId function,
                                    Payload payload, std::uint32_t items);
  detail::FutureState* fail_submit(const SharedOptions& options, const std::string& text,
                                   std::exception_ptr cause = nullptr);
  void shutdown(ShutdownOptions options);
  void post(DriverCommand command);
  /// terminate_workers, kill_workers.
  void end_workers(int signal);
  /// Returns when the workers are stopped, or gone.
  void suspend();
  std::vector<WorkerInfo> workers() const;
  PoolStats stats() const;
  bool in_home_process() const;
  ArgumentBlocks& blocks() const { return *blocks_; }
  void end_with_program() override;

  // -- TaskHost -----------------------------------------------------------------------------------
  bool take_back(detail::FutureState& state) override;
  std::stop_source cancel_running(detail::FutureState& state) override;
  bool running(const detail::FutureState& state) const override;
  void abandon(detail::FutureState& chunk) override;
  void describe(const detail::FutureState& state, TaskInfo& info) const override;
  void run_callbacks(detail::FutureState& state) override;
  void check_process() const override;

  // -- the driver's side --------------------------------------------------------------------------
  /// So many tasks that were submitted one after the other, with ids that follow on one another.
  struct Run {
    std::uint64_t first;
    std::uint32_t count;
    const SharedOptions* options;
  };
  struct Round {
    std::vector<detail::FutureState*> submitted{};  // one reference each
    std::vector<Run> runs{};                        // all of `submitted`, in its order
    std::vector<DriverCommand> commands{};
    void add(detail::FutureState& state);
  };
  /// Takes what has arrived. Any thread may post meanwhile.
  void take_inbox(Round& round);
  /// True if nothing has arrived: from now on the next post() wakes wake_fd(), and the next submit
  /// of a task with more than priority `sated` (nullopt: of any task).
  bool fall_asleep(std::optional<int> sated);
  void wake_up();
  int wake_fd() const { return wake_.get(); }
  /// Every later submit throws BrokenProcessPool with this text and cause.
  void set_broken(const ErrorRecord& why);
  /// `tasks` with `bytes` of arguments have left the pool of pending ones.
  void settled(std::uint64_t tasks, std::uint64_t bytes);
  /// Some submit() is blocked by max_pending and would like to know how many tasks run.
  bool submit_blocked() const { return blocked_.load(std::memory_order_relaxed) > 0; }
  void set_running(std::uint64_t tasks);
  void driver_finished();

  const ProcessPoolOptions options;
  Seats seats;
  PoolCounters counters;
  CallbackThread callbacks;

 private:
  struct Inbox {
    Round arrived{};
    bool driver_asleep = false;
    std::optional<int> sated{};  // it sleeps on while tasks of at most this priority are submitted
    bool closed = false;
    std::optional<ErrorRecord> broken{};
    std::uint64_t next_task = 1;
    std::uint64_t unsettled = 0;
    std::uint64_t unsettled_bytes = 0;
    std::uint64_t running = 0;
    bool driver_done = false;
  };
  using InboxLock = std::unique_lock<std::mutex>;

  detail::FutureState* submit_payload(const SharedOptions& options, FunctionId function,
                                      Payload arguments);
  /// One reference is the caller's, one the driver's. It has no id yet.
  std::unique_ptr<detail::FutureState> make_state(const SharedOptions& options,
                                                  std::uint64_t function, Payload payload);
  /// Counts as `items` tasks. Unlocks.
  detail::FutureState* enter(InboxLock lock, std::unique_ptr<detail::FutureState> state,
                             std::uint32_t items);
  detail::FutureState* refuse_size(const SharedOptions& options, std::size_t size);
  /// In a block if they are large, and there is one.
  Payload stored(std::string_view bytes) const;
  void check_open(const Inbox& inbox) const;
  void wait_for_room(InboxLock& lock);
  bool has_room() const;
  /// If it sleeps; without the lock then.
  void wake_driver(InboxLock& lock);
  void watch_dependencies(detail::FutureState& state);
  /// Every later submit throws ShutdownError.
  void close();
  void wait_finished();
  void join_driver();

  mutable std::mutex mutex_;
  Inbox inbox_;                       // guarded by mutex_
  std::condition_variable room_;      // a submit blocked by max_pending may go on
  std::condition_variable finished_;  // the driver has left
  std::atomic<int> blocked_{0};
  wire::UniqueFd wake_;
  const HomeProcess home_;
  const std::shared_ptr<ArgumentBlocks> blocks_ = std::make_shared<ArgumentBlocks>();
  std::thread driver_thread_;
  std::mutex join_mutex_;
};

}  // namespace procfarm
