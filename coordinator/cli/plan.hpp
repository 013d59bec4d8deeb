// SPDX-License-Identifier: MIT
// plan.hpp - decides which instance of which task may start now, and what the end of one means for
// the others. Pure bookkeeping: no process, file, row or clock; the time is an argument. Instances
// are only numbers here, reached one after the other, so that memory grows with what is in flight;
// a task whose instances others wait for one by one costs two bits each.
//
//   next() -> start, the caller runs it -> finished() -> retry later | settled -> dependents ready
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "instance_bits.hpp"
#include "run_record.hpp"

namespace procfarm::cli {

using PlanTime = std::chrono::steady_clock::time_point;

/// Another task that goes before. With `same`, instance i only waits for its instance i.
struct PlanNeed {
  std::uint32_t task = 0;
  bool same = false;
};

enum class PlanWhen { success, failure, always };

/// What the plan knows of a task.
struct PlanTask {
  std::optional<std::uint64_t> count{};  // of its instances; unknown until the rows have ended
  std::vector<PlanNeed> needs{};
  PlanWhen when = PlanWhen::success;
  bool function = false;  // short calls: more of them are handed out ahead
  bool track = false;     // some task needs it with `same`
  int cpus = 1;
  int priority = 0;
  std::optional<std::size_t> pool{};
  int retries = 0;  // further attempts
  Duration delay{};
  double backoff = 2.0;
  Duration max_delay = std::chrono::hours{1};
  /// First and last of each range; empty: all. Others count as done for those that need them.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> selected{};
};

/// How much may be handed out at once.
struct PlanLimits {
  int places = 1;                    // -j
  bool strict = false;               // the sum of cpus in flight never exceeds `places`
  std::uint64_t command_window = 1;  // else: so many in flight before a further command
  std::uint64_t function_window = 1;
  std::vector<int> pools{};  // of each pool, how many at a time
};

/// What the caller shall do. `skip`: nothing, the instance is settled. `skip_task`: the same for
/// the whole task, of which no instance was started.
struct Step {
  enum class Kind { start, skip, skip_task };
  Kind kind = Kind::start;
  InstanceKey instance{};
  int attempt = 1;
  std::uint64_t instances = 1;  // how many it speaks of
  bool operator==(const Step&) const = default;
};

/// Either the instance is settled, or a further attempt follows at `retry_at`.
struct Verdict {
  bool settled = true;
  PlanTime retry_at{};
};

/// How many instances came to which end. `retried` counts further attempts; done() leaves out what
/// is kept.
struct PlanCounts {
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  std::uint64_t skipped = 0;
  std::uint64_t retried = 0;
  std::uint64_t kept = 0;  // were done before the run was resumed
  std::uint64_t done() const { return passed + failed + skipped; }
};

struct InstanceKeyHash {
  std::size_t operator()(const InstanceKey& key) const noexcept {
    return AttemptKeyHash{}(AttemptKey{.instance = key, .attempt = 0});
  }
};

/// One thread at a time.
class Plan {
 public:
  explicit Plan(PlanLimits limits);
  ~Plan();
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  /// Adds tasks, which are numbered from 0 on, over all calls. Their needs are tasks of this call
  /// or of earlier ones.
  void add(std::vector<PlanTask> tasks);

  /// No task is added any more.
  void close();

  /// What to do now, or nothing: then something must finish, arrive or become due first. A started
  /// instance is in flight until finished(), withdraw(), postpone() or exhausted() is called for
  /// it.
  std::optional<Step> next(PlanTime now);

  /// An attempt has ended. A failed one that is `retryable` gets a further one while there are
  /// some.
  Verdict finished(InstanceKey instance, bool passed, bool retryable, PlanTime now);

  /// The instance need not run: its outcome is there already. Counts as skipped, and as a success
  /// for those who wait for it.
  void up_to_date(InstanceKey instance);

  /// The instance was done before: a success for those who wait for it.
  void kept(InstanceKey instance);

  /// After stop(): the instance was handed out but has not begun, and will not. It counts as
  /// nothing.
  void withdraw(InstanceKey instance);

  /// The row of the instance that next() named last, to start or to skip, has not arrived. It
  /// counts as not named; the task waits until rows_arrived().
  void postpone(InstanceKey instance);
  void rows_arrived(std::uint32_t task);

  /// There is no such row: the task has `count` instances. Undoes what next() said of later ones.
  void exhausted(std::uint32_t task, std::uint64_t count);

  /// So many instances the task will have as it looks now, if it is not known.
  void expect(std::uint32_t task, std::uint64_t count);

  /// Nothing starts any more, and nothing is tried again.
  void stop();

  /// From now on the sum of cpus in flight stays within the places, and nothing is handed out
  /// ahead.
  void count_places() { limits_.strict = true; }

  /// Of each pool, how many at a time. Before the first task that is in one.
  void set_pools(std::vector<int> limits);

  /// The caller has learnt how long functions, or commands, take.
  void set_function_window(std::uint64_t window) { limits_.function_window = window; }
  void set_command_window(std::uint64_t window) { limits_.command_window = window; }

  /// When the next delayed attempt becomes due.
  std::optional<PlanTime> next_deadline() const;

  /// Nothing is in flight, and nothing is left to start or the plan is stopped.
  bool done() const;

  bool stopped() const { return stopped_; }
  std::uint64_t in_flight() const { return attempts_.size(); }
  /// How many tasks are not settled.
  std::uint64_t open_tasks() const { return open_tasks_; }
  const PlanCounts& counts() const { return counts_; }
  /// Of all instances, if the number of each task's is known, or is in `estimates`.
  std::optional<std::uint64_t> total(
      const std::map<std::uint32_t, std::uint64_t>& estimates = {}) const;
  /// Whether all instances of the task are settled, and whether all of them are good.
  bool settled(std::uint32_t task) const;
  bool succeeded(std::uint32_t task) const;

 private:
  struct TaskState;
  struct Due {
    int rank = 0;  // minus the priority: the set is in ascending order
    InstanceKey instance{};
    int attempt = 1;
    bool operator<(const Due& other) const;
  };
  enum class End { passed, failed, skipped, up_to_date, kept };

  TaskState* state(std::uint32_t task) const { return tasks_[task].get(); }
  void link(std::uint32_t number);

  void move_due(PlanTime now);
  std::optional<Step> take_due();
  std::optional<Step> take_ready();
  std::optional<std::uint64_t> candidate(std::uint32_t number);
  Step take(std::uint32_t number, std::uint64_t index);
  bool fits_window(const TaskState& task) const;
  bool fits_pool(const TaskState& task) const;
  bool is_skipped_whole(const TaskState& task) const;
  bool is_skipped(const TaskState& task, std::uint64_t index) const;
  std::optional<std::uint64_t> next_paired(TaskState& task) const;
  std::uint64_t paired_limit(const TaskState& task) const;
  std::uint64_t ended_word(std::uint32_t need, std::uint64_t word) const;
  bool ended_badly(std::uint32_t need, std::uint64_t index) const;

  Step start(InstanceKey instance, int attempt);
  Step skip_whole(std::uint32_t number);
  int release(InstanceKey instance);
  bool undo_skip(std::uint32_t number, std::uint64_t from);
  void settle(InstanceKey instance, End end);
  void settle_task_if_done(std::uint32_t number);
  void task_settled(std::uint32_t number);
  void notify(std::uint32_t number, bool whole, std::uint64_t index);
  void make_ready(std::uint32_t number);
  void set_count(TaskState& task, std::uint64_t count);

  static constexpr std::uint8_t outcome_open = 0;
  static constexpr std::uint8_t outcome_good = 1;
  static constexpr std::uint8_t outcome_bad = 2;

  PlanLimits limits_;
  std::vector<std::unique_ptr<TaskState>> tasks_;  // of a settled task only if it is tracked
  std::vector<std::uint8_t> outcomes_;             // of each task
  std::set<std::pair<int, std::uint32_t>> ready_;  // rank and task: may have something to start
  std::multimap<PlanTime, Due> delayed_;
  std::set<Due> due_;
  std::unordered_map<InstanceKey, int, InstanceKeyHash> attempts_;  // in flight, with attempt
  std::vector<int> pool_used_;
  int places_used_ = 0;
  std::uint64_t open_tasks_ = 0;
  std::uint64_t known_total_ = 0;
  std::uint64_t unknown_totals_ = 0;
  PlanCounts counts_;
  std::optional<InstanceKey> last_skip_;  // what next() skipped last, in case there is no such row
  bool closed_ = false;
  bool stopped_ = false;
};

}  // namespace procfarm::cli
