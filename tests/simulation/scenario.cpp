// SPDX-License-Identifier: MIT
// scenario.cpp - the draw.
#include "simulation/scenario.hpp"

#include <chrono>

namespace procfarm::simulation {

using namespace std::chrono_literals;

namespace {

SchedulerOptions some_options(Random& random) {
  SchedulerOptions options;
  options.max_workers = random.one_of({1, 1, 2, 2, 3, 4, 6});
  if (random.happens(250)) options.max_tasks_per_child = static_cast<int>(1 + random.below(6));
  options.max_queued = random.one_of({1U, 2U, 3U, 8U, 64U, 2048U});
  options.max_failed_starts = random.happens(300) ? 5 : 1000;
  return options;
}

TaskPolicy some_policy(Random& random, bool limits, bool retries) {
  TaskPolicy policy;
  if (random.happens(300)) policy.priority = static_cast<int>(random.below(4)) - 1;
  if (limits && random.happens(600))
    policy.timeout = random.one_of<Duration>({0ms, 1ms, 5ms, 20ms});
  policy.grace = random.one_of<Duration>({0ms, 1ms, 8ms});
  if (retries) {
    policy.retry.max_attempts = static_cast<int>(1 + random.below(4));
    policy.retry.delay = random.one_of<Duration>({0ms, 0ms, 1ms, 5ms});
    policy.retry.on = static_cast<RetryOn>(random.below(8));
  }
  return policy;
}

/// 0 in most schedules.
int rate(Random& random, int most) {
  return random.happens(350) ? static_cast<int>(1 + random.below(static_cast<std::uint64_t>(most)))
                             : 0;
}

}  // namespace

Scenario::Scenario(Random& random) : options(some_options(random)) {
  tasks = static_cast<int>(1 + random.below(random.happens(50) ? 300 : 40));
  span = random.one_of<Duration>({200us, 2ms, 20ms, 100ms});
  length = random.one_of<Duration>({1us, 20us, 300us, 4ms, 30ms});
  long_length = length * 20;
  delay = random.one_of<Duration>({1us, 30us, 300us});
  fails = rate(random, 500);
  endless = rate(random, 300);
  long_tasks = rate(random, 300);
  stubborn = rate(random, 1000);
  dependent = rate(random, 400);
  slow = rate(random, 200);
  dies_starting = rate(random, 300);
  silent = rate(random, 100);
  refused = rate(random, 300);
  dies_beginning = rate(random, 150);
  dies_running = rate(random, 150);
  dies_finished = rate(random, 150);
  cut_off = rate(random, 150);
  stalls = rate(random, 200);
  duplicates = rate(random, 500);
  swaps = rate(random, 300);
  nonsense = rate(random, 500);
  races = rate(random, 500);
  cancels = rate(random, tasks);
  cancels_running = rate(random, tasks);
  suspends = rate(random, 4);
  kills = rate(random, 6);
  if (random.happens(500)) ending = static_cast<Ending>(random.below(5));
  ends_early = random.happens(500);
  const bool retries = random.happens(600);
  const bool limits = endless != 0 || random.happens(300);
  for (int i = 0; i < 6; ++i) policies.push_back(some_policy(random, limits, retries));
}

}  // namespace procfarm::simulation
