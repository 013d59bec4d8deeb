// SPDX-License-Identifier: MIT
// farm.cpp - procfarm with two workers, through its public interface as a user has it: tasks with
// one future each, map, one task at a time, large arguments, commands.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <span>
#include <thread>

#include <procfarm/command.hpp>
#include <procfarm/procfarm.hpp>

#include "../kernel.hpp"
#include "../probe.hpp"
#include "../samples.hpp"

namespace {

using bench::Clock;
using bench::Reply;
using bench::Request;
using procfarm::Future;
using procfarm::ProcessPoolExecutor;

constexpr int lanes = 2;

std::uint64_t work(std::uint64_t value, std::uint64_t iterations) {
  return bench_work(value, iterations);
}

/// One byte of each page: enough to see that all of it arrived, cheap next to the transport.
std::uint64_t glance(std::span<const std::uint8_t> bytes) { return bench::page_sum(bytes); }
std::vector<std::uint8_t> reflect(std::span<const std::uint8_t> bytes) {
  return {bytes.begin(), bytes.end()};
}

/// The executor that the requests share; made anew when they want other options.
class Pool {
 public:
  ProcessPoolExecutor& with(procfarm::ProcessPoolOptions options, const std::string& kind) {
    if (kind_ == kind) return *pool_;
    pool_.reset();
    pool_ = std::make_unique<ProcessPoolExecutor>(std::move(options));
    kind_ = kind;
    return *pool_;
  }
  ProcessPoolExecutor& plain() { return with({.max_workers = lanes}, "plain"); }

 private:
  std::unique_ptr<ProcessPoolExecutor> pool_;
  std::string kind_;
};

Reply run_tasks(ProcessPoolExecutor& pool, const Request& request) {
  const std::uint64_t count = request.number("count");
  const std::uint64_t grain = request.number("grain", 0);
  std::uint64_t sum = 0;
  Reply reply = bench::timed(count, [&] {
    std::vector<Future<std::uint64_t>> futures;
    futures.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) futures.push_back(pool.submit<work>(i, grain));
    for (const auto& future : futures) sum += future.result();
  });
  bench::check(sum == bench::expected_sum(count, grain), "procfarm, tasks");
  return reply;
}

Reply tasks(Pool& pool, const Request& request) { return run_tasks(pool.plain(), request); }

/// At most two tasks for each worker are under way, so none waits to be sent with another.
Reply alone(Pool& pool, const Request& request) {
  return run_tasks(pool.with({.max_workers = lanes, .max_pending = 2 * lanes}, "alone"), request);
}

Reply map(Pool& pool, const Request& request) {
  const std::uint64_t count = request.number("count");
  const std::uint64_t grain = request.number("grain", 0);
  std::vector<std::uint64_t> values(count);
  for (std::uint64_t i = 0; i < count; ++i) values[i] = i;
  const std::vector<std::uint64_t> grains(count, grain);
  std::uint64_t sum = 0;
  ProcessPoolExecutor& executor = pool.plain();
  Reply reply = bench::timed(count, [&] {
    for (const std::uint64_t each : executor.map<work>(values, grains)) sum += each;
  });
  bench::check(sum == bench::expected_sum(count, grain), "procfarm, map");
  return reply;
}

void pin_worker(int core) { bench::pin(core); }

/// One task at a time on one worker: `own` and `other` are cores (-1: any), `pause` in
/// microseconds comes before each and is not counted.
Reply round_trip(Pool& pool, const Request& request) {
  const int own = std::stoi(request.text("own", "-1"));
  const int other = std::stoi(request.text("other", "-1"));
  const std::chrono::microseconds pause{request.number("pause", 0)};
  bench::pin(own);
  ProcessPoolExecutor& executor =
      pool.with({.max_workers = 1, .initializer = procfarm::call<pin_worker>(other)},
                "round trip " + std::to_string(own) + " " + std::to_string(other));
  executor.submit<work>(std::uint64_t{1}, std::uint64_t{0}).result();
  Reply reply = bench::latencies(request.number("count"), pause, [&](std::uint64_t i) {
    bench::check(
        executor.submit<work>(i, std::uint64_t{0}).result() == bench::expected_sum(1, 0) + i,
        "procfarm, one at a time");
  });
  bench::pin(-1);
  return reply;
}

/// A large argument, and with `back` also a result as large.
Reply bytes(Pool& pool, const Request& request) {
  const std::uint64_t count = request.number("count");
  const bool back = request.number("back", 0) != 0;
  std::vector<std::uint8_t> block = bench::large_block(request.number("size"));
  ProcessPoolExecutor& executor = pool.plain();
  return bench::block_transfers(block, count, [&](const std::vector<std::uint8_t>& sent) {
    if (back) return bench::page_sum(executor.submit<reflect>(sent).result());
    return executor.submit<glance>(sent).result();
  });
}

/// `count` commands through run_command, each with its number as its argument.
void run_commands(ProcessPoolExecutor& executor, const std::string& program, std::uint64_t count) {
  std::vector<Future<procfarm::CommandResult>> futures;
  for (std::uint64_t i = 0; i < count; ++i) {
    const procfarm::Command command{.argv = {program, std::to_string(i)}};
    futures.push_back(executor.submit<procfarm::run_command>(command));
  }
  for (const auto& future : futures)
    bench::check(future.result().exit_code == 0, "procfarm, command");
}

/// Commands, while the coordinator holds `ballast` bytes. It has taken seconds to fill them, so
/// some commands come before those that count: it is about what is held, not about cold caches.
Reply commands(Pool& pool, const Request& request) {
  const std::uint64_t count = request.number("count");
  std::vector<char> ballast(request.number("ballast", 0), 'x');
  ProcessPoolExecutor& executor = pool.plain();
  const std::string program = request.text("program", "/bin/true");
  if (!ballast.empty()) run_commands(executor, program, count / 4);
  Reply reply = bench::timed(count, [&] { run_commands(executor, program, count); });
  bench::check(ballast.empty() || ballast[ballast.size() / 2] == 'x', "ballast");
  return reply;
}

/// From no executor to the first result in hand.
Reply first(Pool&, const Request& request) {
  const std::string method = request.text("method", "forkserver");
  const auto start = Clock::now();
  ProcessPoolExecutor pool({.max_workers = lanes,
                            .start_method = method == "fork" ? procfarm::StartMethod::fork
                                            : method == "spawn"
                                                ? procfarm::StartMethod::spawn
                                                : procfarm::StartMethod::forkserver});
  const std::uint64_t result = pool.submit<work>(std::uint64_t{5}, std::uint64_t{0}).result();
  const double seconds = bench::seconds_since(start);
  bench::check(result == bench::expected_sum(1, 0) + 5, "procfarm, first result");
  return {{"seconds", seconds}, {"count", 1}};
}

}  // namespace

int main(int argc, char** argv) {
  procfarm::init(argc, argv);
  Pool pool;
  const auto bound = [&pool](Reply (*function)(Pool&, const Request&)) {
    return [&pool, function](const Request& request) { return function(pool, request); };
  };
  return bench::serve(argc, argv,
                      {{"tasks", bound(tasks)},
                       {"alone", bound(alone)},
                       {"map", bound(map)},
                       {"rtt", bound(round_trip)},
                       {"bytes", bound(bytes)},
                       {"commands", bound(commands)},
                       {"first", bound(first)}});
}
