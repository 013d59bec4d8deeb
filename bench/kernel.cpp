// SPDX-License-Identifier: MIT
// kernel.cpp - see kernel.hpp.
#include "kernel.hpp"

#include <chrono>
#include <thread>

std::uint64_t bench_busy(std::uint64_t iterations) {
  std::uint64_t value = 100'003;
  for (std::uint64_t i = 0; i < iterations; ++i) value = value * 139 % 2'147'483'647;
  return value;
}

std::uint64_t bench_work(std::uint64_t value, std::uint64_t iterations) {
  return value + bench_busy(iterations);
}

double bench_two_lanes(std::uint64_t iterations) {
  volatile std::uint64_t kept = 0;  // nobody may skip the work
  const auto start = std::chrono::steady_clock::now();
  std::thread other([iterations, &kept] { kept = bench_busy(iterations); });
  const std::uint64_t own = bench_busy(iterations);
  other.join();
  kept = kept + own;
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}
