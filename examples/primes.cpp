// SPDX-License-Identifier: MIT
// primes.cpp - counts primes in many processes: one call, a map over two ranges, results as they
// come, and a call with options. Prints the same whatever the number of workers.
#include <cstdint>
#include <vector>

#include <fmt/core.h>

#include <procfarm/procfarm.hpp>

using namespace std::chrono_literals;

bool is_prime(std::uint64_t n) {
  for (std::uint64_t d = 2; d * d <= n; ++d) {
    if (n % d == 0) return false;
  }
  return n >= 2;
}

std::uint64_t count_primes(std::uint64_t lo, std::uint64_t hi) {
  std::uint64_t count = 0;
  for (std::uint64_t n = lo; n < hi; ++n) count += is_prime(n);
  return count;
}

int main(int argc, char** argv) {
  procfarm::init(argc, argv);          // first line of main: in a worker it does not return
  procfarm::ProcessPoolExecutor pool;  // one worker per usable core

  procfarm::Future<std::uint64_t> below_million = pool.submit<count_primes>(0, 1'000'000);

  const std::vector<std::uint64_t> lows{0, 1'000'000, 2'000'000, 3'000'000};
  const std::vector<std::uint64_t> highs{1'000'000, 2'000'000, 3'000'000, 4'000'000};
  std::uint64_t below = 0;
  for (const std::uint64_t count : pool.map<count_primes>(lows, highs)) {  // in input order
    fmt::print("{} primes in this million\n", count);
    below += count;
  }
  fmt::print("{} of {} are below one million\n", below_million.result(), below);

  std::vector<procfarm::Future<int>> squares;
  for (int n = 1; n <= 100; ++n) squares.push_back(pool.submit([](int x) { return x * x; }, n));
  int sum = 0;
  for (auto& done : procfarm::as_completed(squares)) sum += done.result();  // as they complete
  fmt::print("the sum of 100 squares is {}\n", sum);

  auto urgent =
      pool.with({.name = "urgent", .priority = 1, .timeout = 5s, .retry = {.max_attempts = 3}});
  fmt::print("{} primes below ten\n", urgent.submit<count_primes>(0, 10).result());
}
