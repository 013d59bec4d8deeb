// SPDX-License-Identifier: MIT
// world_users.cpp - what users do, from threads of their own: a cancel takes effect at once, and
// the driver hears of it later. And how it all ends.
#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "simulation/world.hpp"

namespace procfarm::simulation {

using namespace std::chrono_literals;

void World::submit() {
  if (refusing_) return;
  const std::optional<TaskId> after =
      random_.happens(scenario_.dependent) ? some_task() : std::nullopt;
  const TaskId task{++last_};
  const TaskPolicy& policy = scenario_.policies[random_.below(scenario_.policies.size())];
  history_.accepted(task, policy, after);
  ++figures_.tasks;
  say("submit ", text(task), " priority ", std::to_string(policy.priority),
      after ? " after " + text(*after) : std::string{});
  post([this, task, &policy, waits = after.has_value()] {
    history_.at(task).told = true;
    scheduler_.submitted(task, policy, waits, actions_);
    looked_at();
  });
  if (after && history_.at(*after).settled) tell_dependents(*after);
}

std::optional<TaskId> World::some_task() {
  if (last_ == 0) return std::nullopt;
  return TaskId{1 + random_.below(last_)};
}

// A dependency was settled: those that wait for it go on, or fail as well.
void World::tell_dependents(TaskId task) {
  const bool succeeded = history_.at(task).succeeded;
  for (const auto& [id, each] : history_.all()) {
    if (each.after != task || !each.waiting || each.settled) continue;
    post([this, id = id, succeeded] {
      Task& waiter = history_.at(id);
      if (waiter.settled || !std::exchange(waiter.waiting, false)) return;
      say(succeeded ? "release " : "fail ", text(id));
      if (succeeded) {
        scheduler_.released(id);
      } else {
        scheduler_.cancelled(id);
        settle(id, false);
      }
      looked_at();
    });
  }
}

void World::settle(TaskId task, bool succeeded) {
  history_.settled(task, succeeded);
  tell_dependents(task);
}

void World::cancel() {
  const auto task = some_task();
  if (task) cancel(*task);
}

// In the caller's thread: whoever changes the task's word first has it.
void World::cancel(TaskId task) {
  if (history_.at(task).settled) return;
  for (const LifePtr& life : seats_) {
    Boarded* found = life == nullptr ? nullptr : boarded(*life, task);
    if (found == nullptr) continue;
    if (found->slot == Slot::begun) return;  // too late
    found->slot = Slot::taken;
  }
  say("cancel ", text(task));
  settle(task, false);
  post([this, task] {
    say("the driver hears that ", text(task), " is cancelled");
    scheduler_.cancelled(task);
    looked_at();
  });
}

void World::ask_to_cancel() {
  const auto task = some_task();
  if (!task) return;
  post([this, task = *task] {
    say("cancel ", text(task), " even if it runs");
    if (scheduler_.attempt(task) != 0) history_.at(task).cancel_asked = true;
    scheduler_.cancel_running(task, events_.now(), actions_);
    looked_at();
  });
}

void World::suspend() {
  post([this] {
    if (std::exchange(suspended_, true)) return;
    say("suspend");
    pauses_.emplace_back(events_.now(), Time::max());
    scheduler_.suspend(events_.now());
    looked_at();
    for (const LifePtr& life : seats_) {
      if (life != nullptr) later(message_delay(), [this, life = life] { freeze(*life); });
    }
  });
}

void World::freeze(Life& life) {
  if (suspended_ && !life.suspended) life.suspended = events_.now();
}

void World::thaw(const LifePtr& life) {
  const std::optional<Time> since = std::exchange(life->suspended, std::nullopt);
  if (!since) return;
  if (life->ends_at) *life->ends_at += events_.now() - *since;
  if (life->running) schedule_end(life);
  work(life);
}

void World::resume() {
  post([this] {
    if (!std::exchange(suspended_, false)) return;
    say("resume");
    pauses_.back().second = events_.now();
    for (const LifePtr& life : seats_) {
      if (life != nullptr) later(Duration{}, [this, life = life] { thaw(life); });
    }
    scheduler_.resume(events_.now());
    looked_at();
  });
}

void World::end(Ending how) {
  refusing_ = true;
  post([this, how] {
    say("the end begins, in way ", std::to_string(static_cast<int>(how)));
    closing_ = true;
    if (how == Ending::break_pool) scheduler_.break_pool(actions_);
    scheduler_.close();
    looked_at();
    if (how == Ending::wait || how == Ending::break_pool) return;
    draining_ = true;
    scheduler_.cancel_all(events_.now(), actions_);
    looked_at();
    if (how == Ending::cancel_pending) return;
    carry_out();
    const Duration patience = how == Ending::kill ? 0s : 2s;
    for (const LifePtr& life : seats_) {
      if (life == nullptr) continue;
      if (how == Ending::terminate && random_.happens(500)) die(life, "obeys the end");
      later(patience, [this, life = life] { kill(life); });
    }
  });
}

}  // namespace procfarm::simulation
