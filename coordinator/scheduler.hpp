// SPDX-License-Identifier: MIT
// scheduler.hpp - decides which worker gets which task and when, and what a loss, a limit or a
// shutdown means. Pure bookkeeping: events come in as calls (with the time as an argument),
// decisions leave as return values and Actions. Knows no socket, clock, thread or payload byte;
// the driver carries the actions out and reports what came of them.
//
// A task is in exactly one of: waiting (for other futures or for its next attempt), pending,
// assigned (worker, attempt), settled. Settled tasks are forgotten; their ids never come back.
// What an assigned task's worker has not begun is still PENDING for its future: it can be
// cancelled, recalled and overtaken. The truth of "begun" is in the seat's page, which only the
// driver reads: Recall and Inspect ask, recalled()/recall_refused()/begun()/not_begun() answer.
//
// The driver's round: report events, tick(), dispatch(), carry the actions out in order; if a
// Recall or an Inspect was among them, answer and dispatch() again. next_wakeup() is "now" as long
// as something reported since the last dispatch() waits for it.
//
// One thread at a time (the driver's).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <procfarm/duration.hpp>
#include <procfarm/retry.hpp>

namespace procfarm {

enum class TaskId : std::uint64_t {};

/// One life of one worker: the seat it sits in and how often that seat was filled before.
struct WorkerId {
  std::uint32_t seat = 0;
  std::uint32_t incarnation = 0;
  bool operator==(const WorkerId&) const = default;
};

/// A point of the steady clock, as time since its epoch.
using Time = std::chrono::nanoseconds;

/// What the scheduler needs to know of a task's options; shared by all tasks submitted with them.
struct TaskPolicy {
  int priority = 0;
  std::optional<Duration> timeout{};
  Duration grace{};
  RetryPolicy retry{};
};

/// How an attempt ended, as its worker reported it.
enum class AttemptEnd : std::uint8_t { succeeded, threw, unserializable };

/// What becomes of a reported attempt. `deliver`: its outcome settles the future. `retry`: dropped,
/// a further attempt is scheduled. `timed_out`, `cancelled`: the future gets that instead of the
/// outcome. `stale`: no such attempt is assigned there; drop and count it.
enum class Verdict : std::uint8_t { deliver, retry, timed_out, cancelled, stale };

/// Why a task is settled without an outcome of its own.
enum class SettleReason : std::uint8_t { worker_lost, timed_out, cancelled, broken };

/// One task of a batch.
struct Dispatch {
  TaskId task;
  std::uint32_t attempt;
  bool operator==(const Dispatch&) const = default;
};

namespace action {
struct Spawn {
  WorkerId worker;
  bool operator==(const Spawn&) const = default;
};
/// Put these behind what the worker holds. A task found cancelled is reported by cancelled().
struct Assign {
  WorkerId worker;
  std::vector<Dispatch> tasks;
  bool operator==(const Assign&) const = default;
};
/// Take these back unless begun; answer each with recalled() or recall_refused() at once.
struct Recall {
  WorkerId worker;
  std::vector<TaskId> tasks;
  bool operator==(const Recall&) const = default;
};
/// Has this task been begun, and when? Answer with begun() or not_begun() at once.
struct Inspect {
  WorkerId worker;
  TaskId task;
  bool operator==(const Inspect&) const = default;
};
/// Ask the running task politely to stop (time limit or cancel_running).
struct Stop {
  WorkerId worker;
  TaskId task;
  Duration grace;
  bool operator==(const Stop&) const = default;
};
/// End the worker and everything it started, now.
struct Kill {
  WorkerId worker;
  bool operator==(const Kill&) const = default;
};
/// The worker has nothing left and is not needed: let it leave.
struct Retire {
  WorkerId worker;
  bool operator==(const Retire&) const = default;
};
struct Settle {
  TaskId task;
  SettleReason reason;
  std::uint32_t attempt;
  bool operator==(const Settle&) const = default;
};
}  // namespace action

using Action = std::variant<action::Spawn, action::Assign, action::Recall, action::Inspect,
                            action::Stop, action::Kill, action::Retire, action::Settle>;
using Actions = std::vector<Action>;

/// A record of a task names its worker's seat in 16 bits.
inline constexpr int most_workers = 65'535;

struct SchedulerOptions {
  int max_workers = 1;  // clamped to most_workers
  int prestart = 0;     // workers that start with the first dispatch, whatever there is to do
  std::optional<int> max_tasks_per_child{};
  Duration window = std::chrono::milliseconds{16};  // queued work per worker, as time
  std::uint32_t max_queued = 2048;                  // tasks per worker, begun one included
  int max_failed_starts = 5;                        // in a row, then the pool is broken
};

class Scheduler {
 public:
  explicit Scheduler(SchedulerOptions options);
  ~Scheduler();

  // -- tasks ------------------------------------------------------------------------------------
  /// New tasks with ids that follow on `first`; ids come in ascending order. `policy` is borrowed
  /// until the last of them is settled. With `waiting` each stays back until released(). After
  /// break_pool(): settled as broken.
  void submitted(TaskId first, std::uint32_t count, const TaskPolicy& policy, bool waiting,
                 Actions& out);
  void submitted(TaskId task, const TaskPolicy& policy, bool waiting, Actions& out) {
    submitted(task, 1, policy, waiting, out);
  }
  /// `task` is to do what `parent`, which is assigned and about to be reported as finished, has
  /// left undone. Its id follows the parent's, and it gets its place among the pending ones by it.
  void continued(TaskId parent, TaskId task, Actions& out);
  /// All its dependencies have succeeded.
  void released(TaskId task);
  /// The future was cancelled (or failed by a dependency) before the task began; it is settled,
  /// wherever it was, also when its Settle is decided and not yet told. Unknown ids are ignored.
  void cancelled(TaskId task);
  /// Cancel a task that may be running: stop, after `grace` kill. Settles as cancelled when the
  /// attempt has ended, at once when it is not assigned; an assigned, unbegun one is recalled.
  void cancel_running(TaskId task, Time now, Actions& out);

  // -- attempts ---------------------------------------------------------------------------------
  /// The attempt's outcome is in hand. `took` is its running time (feeds the credit window).
  Verdict finished(WorkerId worker, TaskId task, std::uint32_t attempt, AttemptEnd end,
                   Duration took, Time now);
  void recalled(WorkerId worker, TaskId task);        // answers to Recall
  void recall_refused(WorkerId worker, TaskId task);  // it has begun
  void begun(WorkerId worker, TaskId task, Time started, Time now, Actions& out);  // to Inspect
  void not_begun(WorkerId worker, TaskId task, Time now);

  // -- workers ----------------------------------------------------------------------------------
  /// The worker can take tasks (first contact and initializer are done).
  void worker_ready(WorkerId worker, Time now);
  /// A crowded worker is given nothing more as long as it holds a task, whatever its credit.
  void set_crowded(WorkerId worker, bool crowded);
  /// The worker is gone; what it finished has been reported before. `running` is the begun,
  /// unfinished task: charged with the loss (time limit and cancel_running keep their own reason).
  /// The rest goes back to the queue, ahead of younger tasks, and costs no attempt. A worker that
  /// was never ready counts towards max_failed_starts unless it was killed on purpose.
  void worker_lost(WorkerId worker, std::optional<TaskId> running, Time now, Actions& out);
  /// The system refused to make a process for `worker` (no descriptors, no memory, no processes).
  /// Tried again after a delay; the pool breaks after max_failed_starts only if nobody serves.
  void start_refused(WorkerId worker, Time now, Actions& out);

  // -- the whole --------------------------------------------------------------------------------
  /// Expired limits, delayed attempts, back-off: whatever is due at `now`.
  void tick(Time now, Actions& out);
  /// Fills credit windows, starts workers, recalls for idle ones; call after each round of events.
  void dispatch(Time now, Actions& out);
  /// When tick() wants to be called next; nullopt: not before another event.
  std::optional<Time> next_wakeup() const;
  /// So long the driver may leave results alone while the workers have further tasks.
  Duration pace() const;
  /// A task of at most this priority would only wait if it were submitted now: all workers serve,
  /// and more tasks wait than they may hold. nullopt: it might change something.
  std::optional<int> sated() const;
  /// Everything not settled is settled as broken, every worker is killed, nothing starts any more
  /// (initializer failed, supervisor gone, five failed starts).
  void break_pool(Actions& out);
  /// Everything not begun is settled as cancelled, workers are not replaced (terminate/kill).
  /// Assigned, unbegun tasks are recalled first.
  void cancel_all(Time now, Actions& out);
  /// No submit follows: workers retire when nothing is left, a starting one when it is ready.
  void close();
  /// Time limits pause between suspend() and resume().
  void suspend(Time now);
  void resume(Time now);

  // -- questions --------------------------------------------------------------------------------
  bool broken() const;            // by failed starts or break_pool()
  bool idle() const;              // no task is waiting, pending or assigned
  std::uint64_t pending() const;  // waiting or pending or assigned
  int workers() const;            // starting, ready or leaving
  /// The task's attempt number now (1 for the first), 0 if unknown.
  std::uint32_t attempt(TaskId task) const;
  /// Throws std::logic_error naming the first broken invariant (tests call it after every event).
  void check_invariants() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace procfarm
