// SPDX-License-Identifier: MIT
// world_workers.cpp - workers and their network: they start, say that they are ready, take what
// has arrived in order, write results, announce them, obey or not, are stopped for a while and die
// at the worst moments. What they say and hear is late, but in order.
#include <algorithm>
#include <chrono>
#include <utility>

#include "simulation/world.hpp"

namespace procfarm::simulation {

using namespace std::chrono_literals;

// To the driver; nothing overtakes what the same worker has said before.
void World::send(const LifePtr& life, Step arrival) {
  if (life->mute) return;
  const Time when = std::max(life->last_departure, events_.now() + message_delay());
  life->last_departure = when;
  events_.at(when, [this, arrival = std::move(arrival)] {
    messages_.push_back(arrival);
    wake_at(events_.now());
  });
}

// To the worker.
void World::tell(const LifePtr& life, Step arrival) {
  const Time when = std::max(life->last_arrival, events_.now() + message_delay());
  life->last_arrival = when;
  events_.at(when, [life, arrival = std::move(arrival)] {
    if (life->alive) arrival();
  });
}

void World::start(const LifePtr& life) {
  later(message_delay() + random_.up_to(500us), [this, life] {
    if (!life->alive) return;
    if (fault(scenario_.dies_starting)) return die(life, "dies while it starts");
    if (fault(scenario_.silent)) {
      say(text(life->id), " never makes contact");
      return later(10s, [this, life] { kill(life); });
    }
    say(text(life->id), " says that it is ready");
    send(life, [this, life] {
      if (life->gone || std::exchange(life->contacted, true)) return;
      scheduler_.worker_ready(life->id, events_.now());
      looked_at();
    });
  });
}

// What a worker does when it is free, until it is not.
void World::work(const LifePtr& life) {
  if (!life->alive || life->suspended || life->running) return;
  if (events_.now() < life->frozen_until)
    return events_.at(life->frozen_until, [this, life] { work(life); });
  if (!begin_next(life) && life->told_to_leave && life->next == life->arrived) die(life, "leaves");
}

bool World::begin_next(const LifePtr& life) {
  if (!life->alive || life->suspended || life->running || events_.now() < life->frozen_until)
    return false;
  for (; life->next < life->arrived; ++life->next) {
    Boarded& boarded = life->boarded[life->next];
    if (boarded.slot != Slot::queued) continue;
    boarded.slot = Slot::begun;
    life->running = life->next++;
    life->started = events_.now();
    say(text(life->id), " begins ", text(boarded.task), "/", std::to_string(boarded.attempt));
    history_.begun(boarded.task, boarded.attempt, broken_);
    ++figures_.starts;
    plan_end(life);
    return true;
  }
  return false;
}

// How this attempt will go.
void World::plan_end(const LifePtr& life) {
  const Task& task = history_.at(life->boarded[*life->running].task);
  Duration length = random_.up_to(random_.happens(scenario_.long_tasks) ? scenario_.long_length
                                                                        : scenario_.length);
  life->obeys = !random_.happens(scenario_.stubborn);
  const bool endless = task.policy->timeout && random_.happens(scenario_.endless);
  if (fault(scenario_.dies_beginning)) return die(life, "dies as it begins");
  if (fault(scenario_.dies_running))
    later(random_.up_to(length), [this, life, turn = life->turn] {
      if (life->turn == turn) die(life, "dies in a task");
    });
  if (fault(scenario_.cut_off) && !std::exchange(life->mute, true)) {
    say(text(life->id), " is cut off");
    later(random_.up_to(50ms), [this, life] { die(life, "ends, cut off"); });
  }
  life->ends_at.reset();
  if (!endless) life->ends_at = events_.now() + length;
  if (fault(scenario_.stalls)) {
    say(text(life->id), " is stopped for a while");
    hold_up(*life, random_.up_to(20ms));
  }
  schedule_end(life);
}

void World::schedule_end(const LifePtr& life) {
  if (!life->ends_at || life->suspended) return;
  events_.at(*life->ends_at, [this, life, turn = ++life->turn] {
    if (life->alive && life->turn == turn && !life->suspended) finish(life);
  });
}

void World::hold_up(Life& life, Duration pause) {
  life.frozen_until = std::max(life.frozen_until, events_.now()) + pause;
  if (life.ends_at) *life.ends_at += pause;
}

Duration World::running_time(const Life& life) const {
  Duration time = events_.now() - life.started;
  for (const auto& [from, to] : pauses_) {
    const Time begin = std::max(from, life.started);
    const Time end = std::min(to, events_.now());
    if (end > begin) time -= end - begin;
  }
  return time;
}

// However late the driver hears of its beginning: twice the limit is enough to be asked to stop.
void World::check_limit(const Life& life) const {
  constexpr Duration longest_way = 100ms;
  const Boarded& ending = life.boarded[*life.running];
  const auto& limit = history_.all().at(ending.task).policy->timeout;
  const bool asked = life.stop == *life.running + 1 || life.kill_sent || life.mute || broken_;
  expect(!limit || asked || running_time(life) <= 2 * *limit + longest_way, ending.task,
         "ran far beyond its time limit and was not stopped");
}

void World::finish(const LifePtr& life) {
  check_limit(*life);
  const std::uint64_t number = *std::exchange(life->running, std::nullopt);
  ++life->turn;
  const Boarded& done = life->boarded[number];
  const bool stopped = life->stop == number + 1;
  AttemptEnd end = AttemptEnd::succeeded;
  if (random_.happens(stopped ? 700 : scenario_.fails))
    end = random_.happens(900) ? AttemptEnd::threw : AttemptEnd::unserializable;
  say(text(life->id), " ends ", text(done.task));
  life->ring.push_back({number, done.task, done.attempt, end, value_of(done.task, done.attempt),
                        events_.now() - life->started});
  if (fault(scenario_.dies_finished)) return die(life, "dies before it tells of a result");
  announce(life);
  if (fault(scenario_.duplicates)) announce(life);
  work(life);
}

void World::announce(const LifePtr& life) {
  send(life, [this, life] { collect_results(life); });
}

void World::stop_arrives(const LifePtr& life) {
  if (!life->running || life->stop != *life->running + 1 || !life->obeys) return;
  const Time soon = events_.now() + random_.up_to(100us);
  if (life->ends_at && *life->ends_at <= soon) return;
  life->ends_at = std::max(soon, life->frozen_until);
  schedule_end(life);
}

void World::kill(const LifePtr& life) {
  if (std::exchange(life->kill_sent, true)) return;
  say("kill ", text(life->id));
  later(message_delay(), [this, life] { die(life, "is killed"); });
}

void World::die(const LifePtr& life, const char* how) {
  if (!std::exchange(life->alive, false)) return;
  say(text(life->id), " ", how);
  ++figures_.deaths;
  const bool again = fault(scenario_.duplicates);
  later(message_delay() + random_.up_to(100us), [this, life, again] {
    for (int times = again ? 2 : 1; times > 0; --times)
      reports_.push_back([this, life] { worker_gone(life); });
    wake_at(events_.now());
  });
}

}  // namespace procfarm::simulation
