// SPDX-License-Identifier: MIT
// scheduler.cpp - the cost of a task in the scheduler alone, with simulated workers.
#include <algorithm>

#include "../probe.hpp"
#include "../simulation.hpp"

namespace {

/// Repeated with a new scheduler each time until `total` tasks have run.
bench::Reply simulate(const bench::Request& request) {
  const std::uint64_t tasks = request.number("tasks");
  const std::uint64_t repeats = std::max<std::uint64_t>(1, request.number("total", 1) / tasks);
  double seconds = 0;
  for (std::uint64_t i = 0; i < repeats; ++i) {
    bench::Simulation simulation({.workers = static_cast<int>(request.number("workers"))});
    const auto start = bench::Clock::now();
    simulation.run(tasks);
    seconds += bench::seconds_since(start);
  }
  return {{"seconds", seconds}, {"count", static_cast<double>(tasks * repeats)}};
}

}  // namespace

int main(int argc, char** argv) { return bench::serve(argc, argv, {{"simulate", simulate}}); }
