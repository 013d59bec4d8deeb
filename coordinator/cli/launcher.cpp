// SPDX-License-Identifier: MIT
// launcher.cpp - submits, and turns the end of each future into a report on the callback thread.
#include "launcher.hpp"

#include <sys/resource.h>

#include <fmt/format.h>
#include <algorithm>
#include <cstring>
#include <exception>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <procfarm/errors.hpp>
#include <procfarm/wait.hpp>

#include "outcome.hpp"

namespace procfarm::cli {
namespace {

constexpr std::uint64_t own_descriptors = 64;
constexpr std::uint64_t descriptors_per_worker = 6;  // as executors count
constexpr std::chrono::milliseconds look_interval{50};
constexpr std::size_t begun_looked_at = 8;  // flights for each worker

std::string abbreviation(int signal) {
  const char* const name = ::sigabbrev_np(signal);
  return name == nullptr ? fmt::format("{}", signal) : name;
}

/// A worker that is asked to stop kills its command after its grace, and then still has to tell
/// what that has printed.
Duration grace_of_worker(const Command& command) {
  constexpr Duration slack = std::chrono::seconds(2);
  return std::min(command.grace, Duration::max() / 4) + slack;
}

/// A worker ends its command at the limit. This is for one that cannot, because it was stopped.
std::optional<Duration> limit_of_worker(const Command& command) {
  if (!command.timeout || *command.timeout > Duration::max() / 2) return std::nullopt;
  return *command.timeout + grace_of_worker(command);
}

}  // namespace

std::uint64_t descriptors_needed(int jobs) {
  return own_descriptors + descriptors_per_worker * static_cast<std::uint64_t>(jobs);
}

void reserve_descriptors(int jobs) {
  rlimit limit{};
  const rlim_t needed = descriptors_needed(jobs);
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return;
  if (limit.rlim_max < needed) {
    throw std::invalid_argument(
        fmt::format("-j {}: {} open files are needed, the limit is {} (ulimit -Hn)", jobs, needed,
                    limit.rlim_max));
  }
  limit.rlim_cur = needed;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Launcher::~Launcher() = default;

ProcessPoolExecutor& Launcher::pool_of(const std::string& program) {
  const auto known = pools_.find(program);
  if (known != pools_.end()) return *known->second;
  try {
    ProcessPoolOptions options{.max_workers = jobs_,
                               .capture_stderr = true,
                               .capture_stdout = true,
                               .forward_captured = false,
                               .program = program};
    // Executing the tool a second time would take longer than most of what it is asked for.
    if (program.empty()) options.start_method = StartMethod::fork;
    options.prestart = 1;  // it becomes ready while the run is being prepared
    auto pool = std::make_unique<ProcessPoolExecutor>(std::move(options));
    return *pools_.emplace(program, std::move(pool)).first->second;
  } catch (const std::system_error& error) {  // no process, thread or descriptor is to be had
    throw BrokenProcessPool(fmt::format("no worker can be started: {}", error.what()));
  }
}

void Launcher::warm_up() {
  try {
    pool_of("");
  } catch (const Error&) {  // it is tried again
  }
}

std::string Launcher::program_of(const std::string& module) {
  const auto known = programs_.find(module);
  if (known != programs_.end()) return known->second;
  const bool is_program = module_kind(module) == ModuleKind::program;
  return programs_[module] = is_program ? module : std::string();
}

ModuleDescription Launcher::describe(const std::string& module,
                                     const std::function<bool()>& gives_up) {
  const std::string program = program_of(module);
  // In a worker of its own program the module is what runs there.
  const std::string path = program.empty() ? module : std::string();
  ProcessPoolExecutor& pool = pool_of(program);
  try {  // of another program only its author can know why it does not serve
    Future<ModuleDescription> future =
        pool.with({.name = "the description of " + module, .grace = Duration::zero()})
            .submit_call<ModuleDescription>(builtin_describe(path));
    // What a library does when it is loaded may take any time.
    while (!wait(std::vector{future}, look_interval).not_done.empty()) {
      if (gives_up()) future.cancel(procfarm::cancel_running);
    }
    return future.result();
  } catch (const RemoteError& error) {
    if (error.type_name() != "procfarm::ModuleError") throw;
    throw ModuleError(error.message());
  } catch (const WorkerLost& lost) {
    if (!program.empty()) throw;
    throw ModuleError(fmt::format(
        "{} cannot be loaded: the worker that tried {}", module,
        lost.signal() != 0 ? fmt::format("was killed by SIG{}", abbreviation(lost.signal()))
                           : fmt::format("exited with {}", lost.exit_code())));
  } catch (const BrokenProcessPool&) {
    if (program.empty()) throw;
    throw ModuleError(
        fmt::format("{} does not become a worker: its main must call procfarm::init(argc, argv) "
                    "before anything else",
                    module));
  }
}

void Launcher::start(CommandLaunch launch) {
  try {
    Future<CommandResult> future = pool_of("")
                                       .with({.name = launch.name,
                                              .priority = launch.priority,
                                              .timeout = limit_of_worker(launch.command),
                                              .grace = grace_of_worker(launch.command)})
                                       .submit<run_command>(launch.command);
    add(launch.key, future, std::move(launch.name));
    future.add_done_callback([&events = events_, key = launch.key,
                              ok_exit = std::move(launch.ok_exit)](Future<CommandResult> done) {
      events.attempt_ended(report_command(key, done, ok_exit));
    });
  } catch (const Error&) {
    report_refusal(launch.key);
  }
}

void Launcher::start(CallLaunch launch) {
  try {
    const std::string program = program_of(launch.module);
    const Call call = builtin_call(ExportCall{.module = program.empty() ? launch.module : "",
                                              .function = launch.function,
                                              .arguments = launch.arguments,
                                              .cwd = launch.cwd,
                                              .env = launch.env,
                                              .env_clear = launch.env_clear,
                                              .stdin_text = launch.stdin_text,
                                              .stdin_file = launch.stdin_file,
                                              .memory = launch.memory.value_or(0),
                                              .build_id = launch.build_id});
    Future<ExportResult> future = pool_of(program)
                                      .with({.name = launch.name,
                                             .priority = launch.priority,
                                             .timeout = launch.timeout,
                                             .grace = launch.grace})
                                      .submit_call<ExportResult>(call);
    add(launch.key, future, std::move(launch.name));
    future.add_done_callback([&events = events_, key = launch.key,
                              limited = launch.memory.has_value()](Future<ExportResult> done) {
      events.attempt_ended(report_call(key, done, limited));
    });
  } catch (const Error&) {
    report_refusal(launch.key);
  }
}

/// In a catch block: a broken executor is the end of this attempt as of any other.
void Launcher::report_refusal(const AttemptKey& key) {
  AttemptReport report{.record = {.key = key}};
  report.pool_broken = true;
  try {
    throw;
  } catch (const Error& error) {
    make_failure(report, "worker-lost", error.what());
  }
  events_.attempt_ended(std::move(report));
}

void Launcher::add(const AttemptKey& key, AnyFuture future, std::string name) {
  numbers_.emplace(key, next_number_);
  const bool begun = begins_at_once();
  if (begun) ++counted_begun_;
  flights_.emplace(next_number_, Flight{key, std::move(future), std::move(name), begun});
  ++next_number_;
}

void Launcher::ended(const AttemptKey& key) {
  const auto number = numbers_.find(key);
  if (number == numbers_.end()) return;
  const auto flight = flights_.find(number->second);
  if (flight->second.counted_begun) --counted_begun_;
  flights_.erase(flight);
  numbers_.erase(number);
}

void Launcher::cancel_waiting() {
  for (auto& [number, flight] : flights_) flight.future.cancel();
}

void Launcher::cancel_running() {
  for (auto& [number, flight] : flights_) flight.future.cancel(procfarm::cancel_running);
}

void Launcher::kill() {
  for (auto& [program, pool] : pools_) pool->kill_workers();
}

void Launcher::suspend() {
  for (auto& [program, pool] : pools_) pool->suspend();
}

void Launcher::resume() {
  for (auto& [program, pool] : pools_) pool->resume();
}

std::uint64_t Launcher::running() const {
  std::uint64_t sum = 0;
  for (const auto& [program, pool] : pools_) sum += pool->stats().running;
  return sum;
}

std::vector<RunningAttempt> Launcher::running_attempts(std::size_t limit) const {
  std::vector<RunningAttempt> found;
  for (const auto& [number, flight] : flights_) {
    if (found.size() >= limit) break;
    if (!flight.future.running()) continue;
    const TaskInfo info = flight.future.info();
    found.push_back(
        {.key = flight.key, .name = flight.name, .worker_pid = info.pid, .started = info.started});
  }
  return found;
}

std::vector<RunningAttempt> Launcher::newly_begun() {
  std::vector<RunningAttempt> found;
  std::size_t looked_at = 0;
  for (auto& [number, flight] : flights_) {
    if (looked_at++ >= begun_looked_at * static_cast<std::size_t>(jobs_)) break;
    if (flight.counted_begun || (!begins_at_once() && !flight.future.running())) continue;
    flight.counted_begun = true;
    ++counted_begun_;
    const TaskInfo info = flight.future.info();
    found.push_back(
        {.key = flight.key, .name = flight.name, .worker_pid = info.pid, .started = info.started});
  }
  return found;
}

void Launcher::begin_shutdown() {
  for (auto& [program, pool] : pools_) pool->shutdown({.wait = false});
}

void Launcher::shutdown() {
  for (auto& [program, pool] : pools_) pool->shutdown();
}

}  // namespace procfarm::cli
