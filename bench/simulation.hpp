// SPDX-License-Identifier: MIT
// simulation.hpp - the scheduler alone, with simulated workers in this process: no sockets, no
// futures, no other thread. A batch comes back as one event, as a message would bring it; attempts
// that fail and workers that are lost are counted out, so every run is the same.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <variant>
#include <vector>

#include "coordinator/scheduler.hpp"
#include "probe.hpp"

namespace bench {

struct SimulationOptions {
  int workers = 2;
  std::vector<procfarm::TaskPolicy> policies{procfarm::TaskPolicy{}};  // given to tasks in turn
  std::uint64_t throws_every = 0;  // of so many attempts one throws; 0: none
  std::uint64_t lost_every = 0;    // of so many batches one is lost with its worker; 0: none
};

/// Plays all workers: they take every batch and have finished it at their next turn.
class Simulation {
 public:
  explicit Simulation(SimulationOptions options)
      : options_(std::move(options)), scheduler_({.max_workers = options_.workers}) {}

  /// Runs so many tasks to their end and checks that each has come to one.
  void run(std::uint64_t tasks) {
    using namespace procfarm;
    for (std::uint64_t i = 0; i < tasks; ++i)
      scheduler_.submitted(TaskId{++last_}, options_.policies[i % options_.policies.size()], false,
                           decided_);
    decide();
    while (!scheduler_.idle()) {
      if (batches_.empty()) {  // a further attempt or a start is delayed
        now_ = scheduler_.next_wakeup().value();
      } else {
        const action::Assign batch = std::move(batches_.front());
        batches_.pop_front();
        play(batch);
      }
      decide();
    }
    check(settled_ == last_, "scheduler");
  }

 private:
  void play(const procfarm::action::Assign& batch) {
    using namespace procfarm;
    if (options_.lost_every != 0 && ++played_ % options_.lost_every == 0) {
      scheduler_.worker_lost(batch.worker, batch.tasks.front().task, now_, decided_);
      std::erase_if(batches_, [&](const auto& each) { return each.worker == batch.worker; });
      return;
    }
    for (const Dispatch& each : batch.tasks) {
      const bool throws = options_.throws_every != 0 && ++attempts_ % options_.throws_every == 0;
      const Verdict verdict = scheduler_.finished(
          batch.worker, each.task, each.attempt, throws ? AttemptEnd::threw : AttemptEnd::succeeded,
          std::chrono::microseconds{1}, now_);
      settled_ += verdict == Verdict::deliver ? 1 : 0;
    }
  }

  void decide() {
    now_ += std::chrono::microseconds{1};
    do {
      scheduler_.tick(now_, decided_);
      scheduler_.dispatch(now_, decided_);
    } while (carry_out());
  }

  /// Whether something was answered that may lead to further decisions.
  bool carry_out() {
    using namespace procfarm;
    procfarm::Actions actions;
    actions.swap(decided_);
    bool answered = false;
    for (Action& each : actions) {
      if (auto* batch = std::get_if<action::Assign>(&each)) {
        batches_.push_back(std::move(*batch));
      } else if (const auto* spawn = std::get_if<action::Spawn>(&each)) {
        scheduler_.worker_ready(spawn->worker, now_);
        answered = true;
      } else if (const auto* recall = std::get_if<action::Recall>(&each)) {
        for (const TaskId task : recall->tasks) scheduler_.recall_refused(recall->worker, task);
        answered = true;
      } else if (const auto* inspect = std::get_if<action::Inspect>(&each)) {
        scheduler_.not_begun(inspect->worker, inspect->task, now_);
        answered = true;
      } else if (std::holds_alternative<action::Settle>(each)) {
        ++settled_;
      }
    }
    return answered;
  }

  SimulationOptions options_;
  procfarm::Scheduler scheduler_;
  procfarm::Time now_ = std::chrono::hours{1};
  procfarm::Actions decided_;
  std::deque<procfarm::action::Assign> batches_;
  std::uint64_t last_ = 0;
  std::uint64_t settled_ = 0;
  std::uint64_t played_ = 0;
  std::uint64_t attempts_ = 0;
};

}  // namespace bench
