// SPDX-License-Identifier: MIT
// tbb.cpp - the same tasks on two threads of oneTBB: task_group, one result slot for each task, and
// parallel_for over a range. No futures: the mark beyond pools that have them.
#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_group.h>

#include <numeric>

#include "../kernel.hpp"
#include "../probe.hpp"

namespace {

using bench::Reply;
using bench::Request;

template <class Run>
Reply run(const Request& request, Run&& body) {
  const std::uint64_t count = request.number("count");
  const std::uint64_t grain = request.number("grain", 0);
  std::uint64_t sum = 0;
  Reply reply = bench::timed(count, [&] {
    std::vector<std::uint64_t> results(count);
    body(results, grain);
    sum = std::accumulate(results.begin(), results.end(), std::uint64_t{0});
  });
  bench::check(sum == bench::expected_sum(count, grain), "TBB");
  return reply;
}

void task_group(std::vector<std::uint64_t>& results, std::uint64_t grain) {
  tbb::task_group group;
  for (std::uint64_t i = 0; i < results.size(); ++i)
    group.run([&results, i, grain] { results[i] = bench_work(i, grain); });
  group.wait();
}

void parallel_for(std::vector<std::uint64_t>& results, std::uint64_t grain) {
  tbb::parallel_for(tbb::blocked_range<std::uint64_t>(0, results.size()), [&](const auto& range) {
    for (std::uint64_t i = range.begin(); i < range.end(); ++i) results[i] = bench_work(i, grain);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const tbb::global_control two(tbb::global_control::max_allowed_parallelism, 2);
  return bench::serve(argc, argv,
                      {{"tasks", [](const Request& request) { return run(request, task_group); }},
                       {"map", [](const Request& request) { return run(request, parallel_for); }}});
}
