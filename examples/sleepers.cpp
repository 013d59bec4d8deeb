// SPDX-License-Identifier: MIT
// sleepers.cpp - tasks that only wait: ten naps one after the other, in threads and in processes,
// then five of falling length, as they complete and in the order of the input.
//   sleepers [--seconds 1.5]
#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fmt/core.h>

#include <procfarm/procfarm.hpp>

#include "arguments.hpp"
#include "ways.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr int naps = 10;
constexpr int workers = 5;
constexpr double default_seconds = 1.5;

int nap(int number, double seconds) {
  std::this_thread::sleep_for(Seconds(seconds));
  return number;
}

std::vector<int> take_naps(procfarm::Executor auto& executor, double seconds) {
  std::vector<int> numbers;
  for (int i = 0; i < naps; ++i) numbers.push_back(i);
  const std::vector<double> lengths(naps, seconds);
  std::vector<int> back;
  for (const int number : executor.template map<nap>(numbers, lengths)) back.push_back(number);
  if (back != numbers) throw std::runtime_error("the naps are not in the order of the input");
  return back;
}

/// Five naps of 5, 4, 3, 2 and 1 units; the number is the length.
void as_they_complete(procfarm::ProcessPoolExecutor& pool, const std::vector<int>& falling,
                      double unit) {
  std::vector<procfarm::Future<int>> futures;
  for (const int n : falling) futures.push_back(pool.submit<nap>(n, n * unit));
  std::vector<int> seen;
  fmt::print("as_completed:");
  for (const auto& done : procfarm::as_completed(futures)) {
    seen.push_back(done.result());
    fmt::print(" {}", seen.back());
  }
  std::sort(seen.rbegin(), seen.rend());
  if (seen != falling) throw std::runtime_error("as_completed does not yield each nap once");
}

void in_order(procfarm::ProcessPoolExecutor& pool, const std::vector<int>& falling, double unit) {
  std::vector<double> lengths;
  for (const int n : falling) lengths.push_back(n * unit);
  std::vector<int> seen;
  fmt::print("map:         ");
  for (const int n : pool.map<nap>(falling, lengths)) {
    seen.push_back(n);
    fmt::print(" {}", n);
  }
  if (seen != falling) throw std::runtime_error("map does not keep the order of the input");
}

template <class Work>
void timed(Work work) {
  const auto begin = Clock::now();
  work();
  fmt::print(" {:8.2f} s\n", Seconds(Clock::now() - begin).count());
}

void sleepers(double seconds) {
  if (!(seconds > 0)) throw std::invalid_argument("--seconds must be greater than 0");
  fmt::print("{} naps of {} s\n", naps, seconds);
  ways::run(ways::chosen("all"), workers,
            [seconds](auto& executor) { return take_naps(executor, seconds); });
  const double unit = seconds / default_seconds;
  const std::vector<int> falling{5, 4, 3, 2, 1};
  fmt::print("naps of 5, 4, 3, 2 and 1 times {:.2f} s, {} processes\n", unit, workers);
  procfarm::ProcessPoolExecutor pool(workers);
  timed([&] { as_they_complete(pool, falling, unit); });
  timed([&] { in_order(pool, falling, unit); });
}

}  // namespace

int main(int argc, char** argv) {
  procfarm::init(argc, argv);  // first line of main: in a worker it does not return
  try {
    sleepers(std::stod(
        arguments::text(argc, argv, {"--seconds"}, "--seconds", std::to_string(default_seconds))));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "sleepers: {}\n", error.what());
    return 1;
  }
}
