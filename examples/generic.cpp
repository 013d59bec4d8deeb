// SPDX-License-Identifier: MIT
// generic.cpp - the same code over processes, threads, or neither: generic
// processes|threads|serial.
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include <procfarm/procfarm.hpp>

std::uint64_t collatz_steps(std::uint64_t n) {
  std::uint64_t steps = 0;
  for (; n != 1; ++steps) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
  return steps;
}

std::uint64_t longest_below(procfarm::Executor auto& executor, std::uint64_t limit) {
  constexpr std::uint64_t parts = 8;
  std::vector<procfarm::Future<std::uint64_t>> futures;
  for (std::uint64_t part = 0; part < parts; ++part) {
    futures.push_back(executor.submit(
        [](std::uint64_t first, std::uint64_t end) {
          std::uint64_t most = 0;
          for (std::uint64_t n = first; n < end; ++n) most = std::max(most, collatz_steps(n));
          return most;
        },
        1 + part * limit / parts, 1 + (part + 1) * limit / parts));
  }
  std::uint64_t most = 0;
  for (auto& done : procfarm::as_completed(futures)) most = std::max(most, done.result());
  return most;
}

template <class E>
int run() {
  E executor;
  const std::uint64_t most = longest_below(executor, 1'000'000);
  fmt::print("the longest way down to 1 from below a million has {} steps\n", most);
  return most == 524 ? 0 : 1;
}

int main(int argc, char** argv) {
  procfarm::init(argc, argv);
  const std::string_view kind = argc > 1 ? argv[1] : "processes";
  if (kind == "processes") return run<procfarm::ProcessPoolExecutor>();
  if (kind == "threads") return run<procfarm::ThreadPoolExecutor>();
  if (kind == "serial") return run<procfarm::SerialExecutor>();
  fmt::print(stderr, "usage: generic processes|threads|serial\n");
  return 2;
}
