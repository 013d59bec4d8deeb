// SPDX-License-Identifier: MIT
// contention.cpp - runs one case on two lanes: as tasks on two threads of TBB, as two processes
// that are forked for it, and as tasks on a farm of two workers. Equal work for each, results
// checked.
#include <sys/wait.h>
#include <tbb/global_control.h>
#include <tbb/task_group.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>

#include <procfarm/procfarm.hpp>

#include "../probe.hpp"
#include "cases.hpp"

namespace {

using bench::Reply;
using bench::Request;

constexpr std::uint64_t lanes = 2;
constexpr std::uint64_t tasks_each = 4;

const bench::Case& case_of(std::uint64_t number) {
  const auto first = bench::contended_cases();
  const auto second = bench::control_cases();
  if (number < first.size()) return first[number];
  if (number - first.size() < second.size()) return second[number - first.size()];
  throw std::invalid_argument("there are not so many cases");
}

std::uint64_t run_case(std::uint64_t number, std::uint64_t iterations) {
  return case_of(number).run(iterations);
}

struct Work {
  explicit Work(const Request& request)
      : number(request.number("case")), iterations(request.number("iterations")) {
    case_of(number);
  }
  void check(std::uint64_t sum) const {
    bench::check(sum == lanes * tasks_each * iterations, case_of(number).name);
  }
  std::uint64_t number;
  std::uint64_t iterations;
};

/// The names of the cases, in the order of their numbers, 1 for those in which lanes meet.
Reply cases(const Request&) {
  Reply names;
  for (const auto group : {bench::contended_cases(), bench::control_cases()})
    for (const bench::Case& each : group) names.emplace_back(each.name, each.contended ? 1 : 0);
  return names;
}

Reply on_threads(const Request& request) {
  const Work work(request);
  std::atomic<std::uint64_t> sum{0};
  Reply reply = bench::timed(1, [&] {
    tbb::task_group group;
    for (std::uint64_t i = 0; i < lanes * tasks_each; ++i)
      group.run([&] { sum += run_case(work.number, work.iterations); });
    group.wait();
  });
  work.check(sum);
  return reply;
}

/// The clock runs from the fork to the last end.
Reply in_processes(const Request& request) {
  const Work work(request);
  const std::uint64_t wanted = tasks_each * work.iterations;
  return bench::timed(1, [&] {
    for (std::uint64_t i = 0; i < lanes; ++i) {
      const pid_t child = ::fork();
      if (child < 0) throw std::runtime_error("fork failed");
      if (child > 0) continue;
      std::uint64_t sum = 0;
      for (std::uint64_t task = 0; task < tasks_each; ++task)
        sum += run_case(work.number, work.iterations);
      std::_Exit(sum == wanted ? 0 : 1);
    }
    for (std::uint64_t i = 0; i < lanes; ++i) {
      int status = 0;
      if (::wait(&status) < 0) throw std::runtime_error("wait failed");
      bench::check(status == 0, case_of(work.number).name);
    }
  });
}

Reply on_farm(procfarm::ProcessPoolExecutor& pool, const Request& request) {
  const Work work(request);
  std::uint64_t sum = 0;
  Reply reply = bench::timed(1, [&] {
    std::vector<procfarm::Future<std::uint64_t>> futures;
    for (std::uint64_t i = 0; i < lanes * tasks_each; ++i)
      futures.push_back(pool.submit<run_case>(work.number, work.iterations));
    for (const auto& future : futures) sum += future.result();
  });
  work.check(sum);
  return reply;
}

}  // namespace

int main(int argc, char** argv) {
  procfarm::init(argc, argv);
  std::unique_ptr<procfarm::ProcessPoolExecutor> pool;
  const tbb::global_control two(tbb::global_control::max_allowed_parallelism, lanes);
  return bench::serve(
      argc, argv,
      {{"cases", cases},
       {"threads", on_threads},
       {"processes", in_processes},
       {"farm", [&pool](const Request& request) {
          if (!pool)
            pool = std::make_unique<procfarm::ProcessPoolExecutor>(static_cast<int>(lanes));
          return on_farm(*pool, request);
        }}});
}
