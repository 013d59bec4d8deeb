// SPDX-License-Identifier: MIT
// world_actions.cpp - the scheduler's decisions are carried out as the driver does it, and each one
// is checked: it must be for a worker that is there, in a state in which it makes sense.
#include <algorithm>
#include <chrono>
#include <utility>

#include "simulation/world.hpp"

namespace procfarm::simulation {

using namespace std::chrono_literals;

// Null if its end was reported in this round, after the action was decided: then it is too late.
World::LifePtr World::seated(WorkerId worker) const {
  const bool known = worker.seat < seats_.size();
  const LifePtr life = known ? seats_[worker.seat] : nullptr;
  if (life != nullptr && life->id == worker) return life;
  if (std::find(gone_now_.begin(), gone_now_.end(), worker) == gone_now_.end())
    broken("an action for " + text(worker) + ", which is not there");
  return nullptr;
}

Boarded* World::boarded(Life& life, TaskId task) const {
  const auto found =
      std::find_if(life.boarded.rbegin(), life.boarded.rend(), [task](const Boarded& each) {
        return each.task == task && (each.slot == Slot::queued || each.slot == Slot::begun);
      });
  return found == life.boarded.rend() ? nullptr : &*found;
}

void World::perform(const action::Spawn& what) {
  say("start ", text(what.worker));
  expect(what.worker.seat < seats_.size(), "a worker too many");
  expect(seats_[what.worker.seat] == nullptr, "a seat is filled twice");
  expect(what.worker.incarnation == lives_[what.worker.seat], "a wrong incarnation");
  expect(!draining_, "a worker is started while the pool ends");
  ++lives_[what.worker.seat];
  if (fault(scenario_.refused)) {
    say(text(what.worker), " is refused by the system");
    return scheduler_.start_refused(what.worker, events_.now(), actions_);
  }
  seats_[what.worker.seat] = std::make_shared<Life>(what.worker);
  start(seats_[what.worker.seat]);
}

void World::perform(const action::Assign& what) {
  const LifePtr life = seated(what.worker);
  expect(life != nullptr, "tasks for a worker whose end was reported");
  Life& to = *life;
  expect(to.contacted, "a worker that is not ready gets tasks");
  expect(!to.leaving && !to.condemned, "a worker that is to leave gets tasks");
  expect(!what.tasks.empty(), "an empty batch");
  for (const Dispatch& each : what.tasks) {
    say("give ", text(each.task), "/", std::to_string(each.attempt), " to ", text(to.id));
    history_.assigned(each.task, each.attempt, draining_);
    for (const LifePtr& other : seats_)
      expect(!other || boarded(*other, each.task) == nullptr, each.task, "is assigned twice");
  }
  if (fault(scenario_.races)) cancel(what.tasks[random_.below(what.tasks.size())].task);
  board(life, what.tasks);
  expect(to.held() <= scenario_.options.max_queued, "a worker holds more than its credit");
  if (!scenario_.options.max_tasks_per_child) return;
  const auto reported = std::count_if(to.boarded.begin(), to.boarded.end(),
                                      [](const auto& each) { return each.slot == Slot::reported; });
  expect(to.held() + static_cast<std::uint64_t>(reported) <=
             static_cast<std::uint64_t>(*scenario_.options.max_tasks_per_child),
         "a worker gets more tasks than it may have in its life");
}

void World::board(const LifePtr& life, const std::vector<Dispatch>& tasks) {
  for (const Dispatch& each : tasks) {
    if (history_.at(each.task).settled) {  // cancelled, and the command is still on its way
      scheduler_.cancelled(each.task);
      continue;
    }
    life->boarded.push_back({each.task, each.attempt});
  }
  tell(life, [this, life, count = life->boarded.size()] {
    life->arrived = count;
    work(life);
  });
}

void World::perform(const action::Recall& what) {
  const LifePtr life = seated(what.worker);
  for (const TaskId task : what.tasks) {
    if (life != nullptr && fault(scenario_.races)) begin_next(life);  // it is faster
    Boarded* found = life == nullptr ? nullptr : boarded(*life, task);
    const bool begun = found != nullptr && found->slot == Slot::begun;
    say("take ", text(task), " back from ", text(what.worker), begun ? ": too late" : "");
    if (begun) {
      scheduler_.recall_refused(what.worker, task);
      continue;
    }
    if (found != nullptr) found->slot = Slot::taken;
    scheduler_.recalled(what.worker, task);
  }
}

void World::perform(const action::Inspect& what) {
  const LifePtr life = seated(what.worker);
  const Boarded* found = life == nullptr ? nullptr : boarded(*life, what.task);
  if (found != nullptr && found->slot == Slot::begun)
    return scheduler_.begun(what.worker, what.task, life->started, events_.now(), actions_);
  scheduler_.not_begun(what.worker, what.task, events_.now());
}

void World::perform(const action::Stop& what) {
  const LifePtr life = seated(what.worker);
  if (life == nullptr) return;
  Life& asked = *life;
  Task& task = history_.at(what.task);
  say("stop ", text(what.task), " on ", text(what.worker));
  expect(asked.contacted && !asked.condemned, "a stop for a worker that cannot obey");
  expect(!task.settled, what.task, "is asked to stop though it is settled");
  Boarded* found = boarded(asked, what.task);
  expect(found != nullptr && found->slot == Slot::begun, what.task,
         "is asked to stop and has not begun");
  if (!task.cancel_asked) {
    expect(task.policy->timeout.has_value(), what.task, "is stopped without a reason");
    task.late = true;
    const auto number = static_cast<std::uint64_t>(found - asked.boarded.data());
    if (asked.running == number && asked.alive)
      expect(running_time(asked) >= *task.policy->timeout, what.task, "is stopped before its time");
  }
  asked.stop = static_cast<std::uint64_t>(found - asked.boarded.data()) + 1;
  tell(life, [this, life] { stop_arrives(life); });
}

void World::perform(const action::Kill& what) {
  const LifePtr life = seated(what.worker);
  if (life == nullptr) return;
  expect(!std::exchange(life->condemned, true), "a worker is killed twice");
  kill(life);
}

void World::perform(const action::Retire& what) {
  const LifePtr life = seated(what.worker);
  expect(life != nullptr, "a worker whose end was reported is told to leave");
  Life& leaving = *life;
  say("let ", text(what.worker), " leave");
  expect(leaving.contacted && !leaving.condemned, "a worker that is not ready is told to leave");
  expect(leaving.held() == 0 && leaving.ring.empty(), "a worker with tasks is told to leave");
  expect(!leaving.leaving, "a worker is told to leave twice");
  leaving.leaving = true;
  tell(life, [this, life] {
    life->told_to_leave = true;
    work(life);
  });
}

void World::perform(const action::Settle& what) {
  say("settle ", text(what.task), ", reason ", std::to_string(static_cast<int>(what.reason)));
  const Task& task = history_.at(what.task);
  if (task.settled) {  // by cancel(), a moment ago
    expect(!task.succeeded && task.starts < task.attempt, what.task, "is settled twice");
    return;
  }
  check_settled(what);
  settle(what.task, false);
}

// The reason must have happened.
void World::check_settled(const action::Settle& what) {
  const Task& task = history_.at(what.task);
  switch (what.reason) {
    case SettleReason::broken:
      return expect(scheduler_.broken(), what.task, "is settled as broken, and the pool is not");
    case SettleReason::cancelled:
      return expect(task.cancel_asked || draining_, what.task, "is cancelled and nobody wanted it");
    case SettleReason::timed_out:
      return expect(task.late, what.task, "is timed out without having been stopped");
    case SettleReason::worker_lost:
      return expect(task.starts >= 1 && task.starts == what.attempt, what.task,
                    "is lost with a worker that had not begun it");
  }
}

}  // namespace procfarm::simulation
