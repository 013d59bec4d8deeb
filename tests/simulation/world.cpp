// SPDX-License-Identifier: MIT
// world.cpp - the course of a schedule: what is planned from the start, the events one after the
// other, and what must hold at the end.
#include "simulation/world.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>

namespace procfarm::simulation {

using namespace std::chrono_literals;

namespace {

// So many events belong to a task and to a worker, with a wide margin; more are a loop.
constexpr std::uint64_t most_events = 200'000;
// After the last fault everything ends within this and what the tasks themselves take.
constexpr Duration calm_limit = 30s;

}  // namespace

Figures& Figures::operator+=(const Figures& other) {
  events += other.events;
  tasks += other.tasks;
  starts += other.starts;
  deaths += other.deaths;
  stale += other.stale;
  return *this;
}

World::World(std::uint64_t seed, Watching watching)
    : watching_(watching),
      random_(seed),
      scenario_(random_),
      scheduler_(scenario_.options),
      seats_(static_cast<std::size_t>(scenario_.options.max_workers)),
      lives_(seats_.size()) {}

void World::write(const std::string& line) const {
  std::fprintf(watching_.trace, "%14s  %s\n", text(events_.now() - start_).c_str(), line.c_str());
}

Duration World::message_delay() {
  const Duration usual = random_.up_to(scenario_.delay);
  return fault(scenario_.slow) ? usual * 100 : usual;
}

void World::looked_at() {
  ++figures_.events;
  if (watching_.check_books) scheduler_.check_invariants();
  expect(scheduler_.workers() <= scenario_.options.max_workers, "too many workers");
}

void World::plan_accidents() {
  std::vector<Time> moments;
  for (int i = 0; i < scenario_.tasks; ++i)
    moments.push_back(random_.happens(500) ? start_ : at_some_time());
  std::sort(moments.begin(), moments.end());
  for (const Time moment : moments) events_.at(moment, [this] { submit(); });
  for (int i = 0; i < scenario_.cancels; ++i) events_.at(at_some_time(), [this] { cancel(); });
  for (int i = 0; i < scenario_.cancels_running; ++i)
    events_.at(at_some_time(), [this] { ask_to_cancel(); });
  for (int i = 0; i < scenario_.suspends; ++i) {
    events_.at(at_some_time(), [this] { suspend(); });
    events_.at(at_some_time(), [this] { resume(); });
  }
  for (int i = 0; i < scenario_.kills; ++i) {
    events_.at(at_some_time(), [this] {
      const LifePtr life = seats_[random_.below(seats_.size())];
      if (life != nullptr) die(life, "is killed by somebody");
    });
  }
  const Time over = start_ + scenario_.span + 1ns;
  events_.at(over, [this] { resume(); });
  events_.at(scenario_.ends_early ? at_some_time() : over, [this] { end(scenario_.ending); });
}

void World::run() {
  plan_accidents();
  Duration own_time{};  // of the tasks, if they ran one after the other
  while (!events_.empty()) {
    if (!faults_over()) own_time = scenario_.long_length * (scenario_.tasks + 1) * 5;
    events_.next();
    ++figures_.events;
    expect(figures_.events < most_events, "events without end");
    expect(events_.now() < start_ + scenario_.span + own_time + calm_limit,
           "no end in sight long after the last fault");
  }
}

void World::check_end() const {
  expect(history_.unsettled() == 0 || !scheduler_.idle(), "a task is forgotten and never settles");
  expect(history_.unsettled() == 0, "nothing happens any more, and a task is not settled");
  expect(scheduler_.idle() && scheduler_.pending() == 0,
         "the scheduler still holds a settled task");
  expect(scheduler_.workers() == 0, "nothing happens any more, and a worker is left");
  for (const LifePtr& life : seats_) expect(life == nullptr, "a seat is still taken");
}

void World::play() {
  run();
  check_end();
  scheduler_.check_invariants();
}

}  // namespace procfarm::simulation
