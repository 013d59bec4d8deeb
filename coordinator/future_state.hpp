// SPDX-License-Identifier: MIT
// future_state.hpp - what stands behind a future: the task's arguments until it is settled, its
// outcome from then on, and who wants to hear of it.
//
// Life: pending -> settling -> finished or cancelled. Whoever wins the step to `settling` writes
// the outcome: the driver, or a caller's cancel(). Readers look at `phase` only and then read
// without a lock, because nothing is written after it is done. Waiting, watching and callbacks go
// through the striped locks of StateLocks; a state that nobody waits for is settled without
// touching one.
//
// cancel(), running() and info() reach into the executor while they hold the state's stripe and the
// state is unsettled. An executor passes through all stripes (StateLocks::barrier) before it goes
// away.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include <procfarm/any_future.hpp>
#include <procfarm/task_info.hpp>

#include "error_record.hpp"
#include "growing_bytes.hpp"
#include "payload.hpp"

namespace procfarm {

class TaskHost;
struct SharedOptions;

namespace detail {

class Watcher;

enum class Phase : std::uint8_t { pending, settling, finished, cancelled };

/// What a finished task holds.
enum class OutcomeKind : std::uint8_t { none, value, local_value, failure, error };

/// Where an assigned task stands: its seat's number and its sequence there. 0: nowhere.
struct Place {
  std::uint32_t seat_plus_one = 0;
  std::uint32_t incarnation = 0;
  std::uint64_t sequence = 0;
  explicit operator bool() const { return seat_plus_one != 0; }
};

/// The figures of the attempt that settled the task.
struct AttemptFigures {
  std::int64_t started = 0;  // steady clock ns, 0: never
  std::int64_t took = 0;
  std::int64_t cpu = -1;
  std::uint64_t peak_memory = 0;
};

class FutureState;

/// What a chunk of a map has besides (wire/chunk.hpp): its values as far as they are in hand. A
/// chunk whose worker ended it early has fewer values than it was submitted with, and `rest`.
struct Chunk {
  explicit Chunk(std::uint32_t items) : count(items) {}
  ~Chunk();
  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;

  std::uint32_t count;     // items, without those of `rest`
  std::uint32_t done = 0;  // values in hand; the item behind them is the one that failed
  GrowingBytes values{};   // encoded, one after the other
  // Guarded by the stripe until the state is done.
  std::vector<FutureState*> rest{};  // chunks of the items that follow; one reference each
  bool abandoned = false;            // nobody will read it: what has not begun need not
};

/// Rarely needed parts: watchers, callbacks, errors that were made here.
struct Extension {
  std::vector<std::shared_ptr<Watcher>> watchers{};
  std::deque<std::function<void()>> callbacks{};
  bool delivering = false;  // the callback thread will run, or is running, `callbacks`
  ErrorRecord error{};
  std::shared_ptr<const void> local_value{};
  std::shared_ptr<void> taken_back{};  // what the task was to do, until cancel() drops it
  std::unique_ptr<Chunk> chunk{};      // made with the state
};

/// What a state has besides from its first assignment on: ten million tasks that only wait for
/// their turn do without. Lies in the slab like the states.
struct Annex {
  Annex() = default;
  ~Annex();
  Annex(const Annex&) = delete;
  Annex& operator=(const Annex&) = delete;
  static void* operator new(std::size_t size);
  static void operator delete(void* place) noexcept;

  Place place{};  // guarded by the host
  AttemptFigures figures{};
  std::int32_t pid = 0;       // of the attempt that `figures` are of
  std::uint16_t attempt = 0;  // the last that has begun and ended
  std::atomic<Extension*> extension{nullptr};
};

class FutureState {
 public:
  /// `references` are handed out by its maker.
  FutureState(std::uint64_t task, TaskHost& task_host, const SharedOptions& task_options,
              std::uint32_t references = 1);
  ~FutureState();
  FutureState(const FutureState&) = delete;
  FutureState& operator=(const FutureState&) = delete;
  static void* operator new(std::size_t size);
  static void operator delete(void* place) noexcept;

  Phase phase() const {
    return static_cast<Phase>(word_.load(std::memory_order_acquire) & phase_mask);
  }
  bool done() const { return phase() >= Phase::finished; }

  /// Wins the right to settle; false if somebody else has it. Any thread.
  bool claim();
  /// After claim() and after the outcome was written. True if somebody waits: call announce() then,
  /// while the host is certain to live.
  bool finish(Phase final_phase);
  /// Wakes waiters, hands callbacks to `host`, tells watchers. Called without, or with, the stripe.
  void announce();
  void announce(std::unique_lock<std::mutex> stripe);
  /// Blocks until done or `timeout` has passed (nullopt: for ever; <= 0: polls). True if done.
  bool wait(std::optional<Duration> timeout);
  /// Throws if it is not done and belongs to the process that forked this one.
  void check_process();
  /// False, and nothing is added, if the state is done already.
  bool watch(const std::shared_ptr<Watcher>& watcher);
  void unwatch(const Watcher* watcher);
  void add_callback(std::function<void()> callback);
  /// Runs the callbacks in order until none is left. Callback thread, or the adding thread.
  void deliver_callbacks();

  // Made on first use; any thread.
  Annex& annex();
  Extension& extension();

  TaskHost& host() const;  // while this is unsettled
  Place place() const;     // guarded by the host
  int attempt() const;     // the last that has begun and ended; 0: none
  /// An attempt has ended. Guarded by the host.
  void note_attempt(int pid, std::uint32_t attempt, const AttemptFigures& figures);
  /// Null unless it is a chunk of a map.
  Chunk* chunk() const;
  /// How many tasks it counts as.
  std::uint64_t weight() const;
  /// Extension::taken_back, emptied.
  std::shared_ptr<void> take_dropped();

  /// Null: it was never assigned, and nobody asked for an extension.
  const Annex* known_annex() const { return annex_.load(std::memory_order_acquire); }
  bool is_of(const TaskHost& host) const;

  std::uint64_t id;                    // its maker's to change, until others know of it
  const SharedOptions* const options;  // one reference is held
  std::uint64_t function = 0;
  std::int64_t submitted = 0;  // steady clock ns
  Payload payload;             // arguments, later the outcome's bytes
  OutcomeKind outcome = OutcomeKind::none;

 private:
  friend void retain(FutureState*) noexcept;
  friend void release(FutureState*) noexcept;
  static constexpr std::uint8_t phase_mask = 3;
  static constexpr std::uint8_t watched = 4;
  Extension* known_extension() const;

  std::atomic<std::uint8_t> word_{0};
  const std::uint16_t host_;  // its number
  std::atomic<std::uint32_t> references_;
  std::atomic<Annex*> annex_{nullptr};
};
static_assert(sizeof(FutureState) == 72, "ten million may be there at once");

/// Soon it is written to, and was in the hands of another core. Where a loop goes through states,
/// so many ahead. Null is fine.
constexpr std::size_t prefetched_ahead = 8;
inline void prefetch(const FutureState* state) {
  const auto* const bytes = reinterpret_cast<const char*>(state);
  __builtin_prefetch(bytes, 1);
  __builtin_prefetch(bytes + sizeof(FutureState) - 1, 1);
}

/// The striped locks of all future states of the process.
class StateLocks {
 public:
  struct alignas(64) Stripe {
    std::mutex mutex;
    std::condition_variable changed;
  };
  static Stripe& of(const FutureState* state);
  /// Returns when every thread that was inside a stripe has left it.
  static void barrier();
};

/// Hears of many futures: the state behind wait() and as_completed().
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// Any thread, no lock held.
  virtual void settled(FutureState& state) = 0;
};

}  // namespace detail

/// What a future asks of the executor that runs its task. Called with the state's stripe held and
/// the state unsettled; must not wait.
class TaskHost {
 public:
  /// Throws std::length_error when there are 65,535 of them in the process.
  TaskHost();
  virtual ~TaskHost();
  TaskHost(const TaskHost&) = delete;
  TaskHost& operator=(const TaskHost&) = delete;

  /// By which states name it: two bytes instead of eight. Used again when it is gone.
  std::uint16_t number() const { return number_; }
  /// Null: no such host.
  static TaskHost* at(std::uint16_t number);

  /// Claims and takes the task back unless it has begun; the caller then finishes it as cancelled,
  /// and drops Extension::taken_back when it holds no lock any more.
  virtual bool take_back(detail::FutureState& state) = 0;
  /// Asks for a running task to be stopped; returns at once. What is returned is to be fired when
  /// no lock is held; it may have no state.
  virtual std::stop_source cancel_running(detail::FutureState& state) = 0;
  virtual bool running(const detail::FutureState& state) const = 0;
  /// Nobody will read this chunk, which may have begun: what of it has not begun is cancelled.
  virtual void abandon(detail::FutureState& /*chunk*/) {}
  /// Adds what is known of the attempt that is going on.
  virtual void describe(const detail::FutureState& state, TaskInfo& info) const = 0;
  /// Takes the state (one reference is passed) to the callback thread.
  virtual void run_callbacks(detail::FutureState& state) = 0;
  /// Throws std::logic_error where the task can never be settled: in a process forked from its own.
  virtual void check_process() const {}

  /// On a thread that serves this host (WaitScope::served): it is about to wait for `states`, for
  /// all of them and without limit if `for_all`. Throws InvalidStateError if that could never end.
  /// No lock is held.
  virtual void begin_wait(std::span<detail::FutureState* const> /*states*/, bool /*for_all*/) {}
  virtual void end_wait() {}

 private:
  const std::uint16_t number_;
};

namespace detail {

/// Around each wait for futures: tells the executor whose task this thread is running, if any of
/// the futures is one of its own, so that it can do without the thread meanwhile.
class WaitScope {
 public:
  WaitScope(std::span<FutureState* const> states, bool for_all);
  ~WaitScope();
  WaitScope(const WaitScope&) = delete;
  WaitScope& operator=(const WaitScope&) = delete;

  /// The host whose tasks this thread runs; null on most threads.
  static TaskHost*& served() noexcept;

 private:
  TaskHost* host_ = nullptr;  // was told
};

}  // namespace detail

}  // namespace procfarm
