// SPDX-License-Identifier: MIT
// world.hpp - one schedule: a scheduler with users, a driver, a network, a supervisor and workers
// that are all made up, and a clock that jumps from event to event, drawn from one seed. It does
// what the driver does, in its order, and nothing else wakes the scheduler than what would wake
// it there: a task that is left behind without a timer is found because nothing happens any more.
//
//   world.cpp: the course of a schedule; world_driver.cpp: the driver's rounds; world_actions.cpp:
//   what the scheduler wants; world_workers.cpp: workers; world_users.cpp: users and accidents
#pragma once

#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/scheduler.hpp"
#include "simulation/events.hpp"
#include "simulation/history.hpp"
#include "simulation/life.hpp"
#include "simulation/scenario.hpp"

namespace procfarm::simulation {

struct Figures {
  std::uint64_t events = 0;
  std::uint64_t tasks = 0;
  std::uint64_t starts = 0;
  std::uint64_t deaths = 0;
  std::uint64_t stale = 0;
  Figures& operator+=(const Figures& other);
};

struct Watching {
  std::FILE* trace = nullptr;  // each event as a line
  bool check_books = true;     // Scheduler::check_invariants() after each call
};

/// One thread at a time.
class World {
 public:
  explicit World(std::uint64_t seed, Watching watching = {});
  /// From the first submit to the end of the last worker. Throws std::logic_error that names what
  /// the scheduler has broken.
  void play();
  const Figures& figures() const { return figures_; }

 private:
  using LifePtr = std::shared_ptr<Life>;
  using Step = std::function<void()>;
  struct Reported {
    WorkerId worker;
    TaskId task;
    std::uint32_t attempt;
  };

  // -- the course (world.cpp)
  void plan_accidents();
  void run();
  void check_end() const;
  Time at_some_time() { return start_ + random_.up_to(scenario_.span); }
  bool faults_over() const { return events_.now() > start_ + scenario_.span; }
  bool fault(int per_mille) {
    return per_mille != 0 && !faults_over() && random_.happens(per_mille);
  }
  void later(Duration delay, Step step) { events_.at(events_.now() + delay, std::move(step)); }
  Duration message_delay();
  /// After each call of the scheduler.
  void looked_at();
  template <class... Parts>
  void say(const Parts&... parts) {
    if (watching_.trace == nullptr) return;
    std::string line;
    ((line += parts), ...);
    write(line);
  }
  void write(const std::string& line) const;

  // -- the driver (world_driver.cpp)
  void post(Step command);
  void wake_at(Time when);
  void round();
  void carry_out();
  void sleep_until_needed();
  void collect_results(const LifePtr& life);
  void collect(const LifePtr& life, const Record& record);
  void apply(Verdict verdict, TaskId task, const Record& record);
  void worker_gone(const LifePtr& life);
  void forget_worker(const LifePtr& life, std::optional<TaskId> running);
  void note_lost(TaskId task);
  bool is_awaited(const Reported& report) const;
  void report_stale(const Reported& report);
  void report_nonsense();
  void end_starting_workers();
  bool at_end() const;
  void mark_broken();

  // -- the scheduler's actions (world_actions.cpp)
  LifePtr seated(WorkerId worker) const;
  void perform(const action::Spawn& what);
  void perform(const action::Assign& what);
  void perform(const action::Recall& what);
  void perform(const action::Inspect& what);
  void perform(const action::Stop& what);
  void perform(const action::Kill& what);
  void perform(const action::Retire& what);
  void perform(const action::Settle& what);
  void check_settled(const action::Settle& what);
  void board(const LifePtr& life, const std::vector<Dispatch>& tasks);
  Boarded* boarded(Life& life, TaskId task) const;

  // -- workers (world_workers.cpp)
  void start(const LifePtr& life);
  void send(const LifePtr& life, Step arrival);
  void tell(const LifePtr& life, Step arrival);
  void work(const LifePtr& life);
  bool begin_next(const LifePtr& life);
  void plan_end(const LifePtr& life);
  void schedule_end(const LifePtr& life);
  Duration running_time(const Life& life) const;
  void check_limit(const Life& life) const;
  void finish(const LifePtr& life);
  void announce(const LifePtr& life);
  void stop_arrives(const LifePtr& life);
  void hold_up(Life& life, Duration pause);
  void kill(const LifePtr& life);
  void die(const LifePtr& life, const char* how);

  // -- users and accidents (world_users.cpp)
  void submit();
  void cancel();
  void cancel(TaskId task);
  void ask_to_cancel();
  void tell_dependents(TaskId task);
  void settle(TaskId task, bool succeeded);
  void suspend();
  void resume();
  void freeze(Life& life);
  void thaw(const LifePtr& life);
  void end(Ending how);
  std::optional<TaskId> some_task();

  Watching watching_;
  Random random_;
  Scenario scenario_;
  Events events_{};
  const Time start_ = events_.now();
  Scheduler scheduler_;
  History history_{};
  std::vector<LifePtr> seats_;
  std::vector<std::uint32_t> lives_;
  Actions actions_{};
  std::vector<Step> inbox_{};
  std::deque<Step> messages_{};
  std::deque<Step> reports_{};
  std::vector<WorkerId> gone_now_{};  // reported in this round
  std::vector<Reported> past_{};      // reported or lost
  Time round_at_ = Time::max();
  std::uint64_t last_ = 0;
  bool closing_ = false;   // the driver was told
  bool refusing_ = false;  // users are told
  bool draining_ = false;
  bool broken_ = false;
  bool suspended_ = false;
  std::vector<std::pair<Time, Time>> pauses_{};
  Figures figures_{};
};

}  // namespace procfarm::simulation
