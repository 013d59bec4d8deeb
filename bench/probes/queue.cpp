// SPDX-License-Identifier: MIT
// queue.cpp - what a deep queue costs: memory per queued task (proportional set size of the
// coordinator, between two depths, futures and 16 bytes of arguments included) and the rate of
// submit at a small and at a great depth. The only worker is held by a task that waits for a pipe,
// so that nothing runs until all is queued; then everything runs and is checked.
#include <sys/resource.h>

#include <thread>

#include <procfarm/procfarm.hpp>

#include "../gate.hpp"
#include "../kernel.hpp"
#include "../probe.hpp"

namespace {

using bench::Reply;
using bench::Request;
using Futures = std::vector<procfarm::Future<std::uint64_t>>;

std::uint64_t work(std::uint64_t value, std::uint64_t iterations) {
  return bench_work(value, iterations);
}

double cpu_of_this_process() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto time = [](const timeval& value) {
    return static_cast<double>(value.tv_sec) + 1e-6 * static_cast<double>(value.tv_usec);
  };
  return time(used.ru_utime) + time(used.ru_stime);
}

/// Returns when the driver thread has taken in what was submitted: nothing computes any more.
void settle_down() {
  for (;;) {
    const double before = cpu_of_this_process();
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    if (cpu_of_this_process() - before < 0.002) return;
  }
}

/// Submits until that many are queued; the seconds that took.
double fill(procfarm::ProcessPoolExecutor& pool, Futures& futures, std::uint64_t depth) {
  const auto start = bench::Clock::now();
  while (futures.size() < depth)
    futures.push_back(pool.submit<work>(std::uint64_t{futures.size()}, std::uint64_t{0}));
  return bench::seconds_since(start);
}

Reply queue(const Request& request) {
  const std::uint64_t least = request.number("least");
  const std::uint64_t most = request.number("most");
  const std::uint64_t part = request.number("part", most / 50);  // timed at each depth
  bench::Gate gate;
  procfarm::ProcessPoolExecutor pool(1);
  const auto held = pool.submit<bench::pass_gate>(gate.path());
  while (!held.running()) std::this_thread::yield();
  Futures futures;
  futures.reserve(most);
  for (std::uint64_t i = 0; i < most; i += 4096 / sizeof(futures[0])) {
    // touches the pages of the vector, which are no part of what submit does
    reinterpret_cast<volatile char*>(futures.data())[i * sizeof(futures[0])] = 0;
  }

  double seconds = fill(pool, futures, 10'000);
  settle_down();
  const double shallow = fill(pool, futures, 10'000 + part);
  seconds += shallow + fill(pool, futures, least);
  settle_down();
  const double memory_before = bench::proportional_memory();
  seconds += fill(pool, futures, most - part);
  settle_down();
  const double deep = fill(pool, futures, most);
  seconds += deep;
  settle_down();
  const double memory_after = bench::proportional_memory();

  const auto start = bench::Clock::now();
  gate.open();
  std::uint64_t sum = 0;
  for (const auto& future : futures) sum += future.result();
  const double drained = bench::seconds_since(start);
  bench::check(sum == bench::expected_sum(most, 0), "procfarm, deep queue");
  const double count = static_cast<double>(most);
  return {{"seconds", seconds},
          {"count", count},
          {"bytes",
           (memory_after - memory_before) / static_cast<double>(most - least) + sizeof(futures[0])},
          {"shallow", static_cast<double>(part) / shallow},
          {"deep", static_cast<double>(part) / deep},
          {"drained", drained}};
}

}  // namespace

int main(int argc, char** argv) {
  procfarm::init(argc, argv);
  return bench::serve(argc, argv, {{"queue", queue}});
}
