// SPDX-License-Identifier: MIT
// scenario.hpp - what one schedule is about: how many workers and tasks, which kinds of faults
// happen in it and how often. Most kinds are absent from most schedules, so that each kind is also
// met alone and without others that would hide it.
#pragma once

#include <cstdint>
#include <deque>

#include "coordinator/scheduler.hpp"
#include "simulation/events.hpp"

namespace procfarm::simulation {

/// How a schedule ends, besides that everything has been done.
enum class Ending : std::uint8_t { wait, cancel_pending, terminate, kill, break_pool };

struct Scenario {
  explicit Scenario(Random& random);

  SchedulerOptions options{};
  std::deque<TaskPolicy> policies{};  // lent to the scheduler: addresses stay
  int tasks = 0;
  Duration span{};         // users submit and faults happen in this time
  Duration length{};       // of a usual task
  Duration long_length{};  // of some
  Duration delay{};        // of a usual message, at most
  Ending ending = Ending::wait;
  bool ends_early = false;  // within the span, while work is going on

  // Per mille of the occasions.
  int fails = 0;    // attempts that throw
  int endless = 0;  // attempts with a time limit that do not end by themselves
  int long_tasks = 0;
  int stubborn = 0;        // attempts that ignore a stop
  int dependent = 0;       // tasks that wait for an earlier one
  int slow = 0;            // messages that take a hundred times as long
  int dies_starting = 0;   // workers
  int silent = 0;          // workers that never make contact
  int refused = 0;         // starts that the system refuses
  int dies_beginning = 0;  // attempts whose worker dies just when they have begun
  int dies_running = 0;
  int dies_finished = 0;  // with its result written and not announced
  int cut_off = 0;        // nothing more is heard of that worker, and it dies later
  int stalls = 0;         // attempts in which the worker is stopped for a while
  int duplicates = 0;     // reports that come again, now or much later
  int swaps = 0;          // results that are read before the one ahead of them
  int nonsense = 0;       // rounds with a report of something that never was
  int races = 0;          // a worker or a caller acts in the middle of a round

  int cancels = 0;  // so many in all
  int cancels_running = 0;
  int suspends = 0;
  int kills = 0;  // of a worker by somebody else
};

}  // namespace procfarm::simulation
