// SPDX-License-Identifier: MIT
// ways.hpp - one piece of work, done one call after the other, in threads and in processes: for
// example programs that show what a pool gains. The work is written over any executor, so only the
// type of that differs.
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <procfarm/procfarm.hpp>

namespace ways {

enum class Way { serial, threads, processes };

inline std::string_view name(Way way) {
  switch (way) {
    case Way::serial: return "serial";
    case Way::threads: return "threads";
    case Way::processes: break;
  }
  return "processes";
}

/// What a program's `--with` asks for. Throws std::invalid_argument.
inline std::vector<Way> chosen(std::string_view with) {
  if (with == "all") return {Way::serial, Way::threads, Way::processes};
  for (const Way way : {Way::serial, Way::threads, Way::processes}) {
    if (with == name(way)) return {way};
  }
  throw std::invalid_argument("--with is serial, threads, processes or all");
}

/// `executor.with(options)`, the time limit only where a task can be ended from outside.
auto with(procfarm::Executor auto& executor, procfarm::TaskOptions options) {
  using Executor = std::remove_cvref_t<decltype(executor)>;
  if constexpr (!std::is_same_v<Executor, procfarm::ProcessPoolExecutor>) options.timeout.reset();
  return executor.with(std::move(options));
}

template <class Executor, class Work>
auto run_in(int workers, Work& work) {
  Executor executor(workers);
  auto result = work(executor);
  executor.shutdown();
  return result;
}

template <class Work>
auto run_once(Way way, int workers, Work& work) {
  switch (way) {
    case Way::serial: return run_in<procfarm::SerialExecutor>(workers, work);
    case Way::threads: return run_in<procfarm::ThreadPoolExecutor>(workers, work);
    case Way::processes: break;
  }
  return run_in<procfarm::ProcessPoolExecutor>(workers, work);
}

/// Calls `once(way)` for each way that is asked for, and prints how long it took. What it returns
/// must be the same each time, else this throws std::runtime_error.
template <class Once>
auto compare(const std::vector<Way>& ways, int workers, Once once) {
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;
  std::optional<decltype(once(Way::serial))> first;
  Seconds first_took{};
  for (const Way way : ways) {
    const auto begin = Clock::now();
    auto result = once(way);
    const Seconds took = Clock::now() - begin;
    fmt::print("{:<9} {:2} at a time {:8.2f} s", name(way), way == Way::serial ? 1 : workers,
               took.count());
    if (first) fmt::print(", {:.1f} times as fast as {}", first_took / took, name(ways.front()));
    fmt::print("\n");
    if (!first) {
      first = std::move(result);
      first_took = took;
    } else if (!(*first == result)) {
      throw std::runtime_error(
          fmt::format("the results of {} are not those of {}", name(way), name(ways.front())));
    }
  }
  return std::move(*first);
}

/// The same with `work(executor)`; the start and the end of the pool are in its time.
template <class Work>
auto run(const std::vector<Way>& ways, int workers, Work work) {
  return compare(ways, workers, [&work, workers](Way way) { return run_once(way, workers, work); });
}

}  // namespace ways
