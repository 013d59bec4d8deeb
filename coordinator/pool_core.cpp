// SPDX-License-Identifier: MIT
// pool_core.cpp - the caller's side of an executor.
#include "pool_core.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <fmt/core.h>

#include <procfarm/errors.hpp>
#include <procfarm/wire/control.hpp>
#include <procfarm/wire/signals_blocked.hpp>

#include "checked_options.hpp"
#include "driver.hpp"
#include "task_text.hpp"

namespace procfarm {
namespace {

wire::UniqueFd make_eventfd() {
  wire::UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd) throw std::system_error(errno, std::generic_category(), "eventfd for an executor");
  return fd;
}

ProcessPoolOptions checked(ProcessPoolOptions options) {
  check_positive(options.max_workers, "max_workers", most_workers);
  check_environment(options.env);
  if (!options.max_workers) options.max_workers = std::min(usable_cpus(), most_workers);
  check_positive(options.max_tasks_per_child, "max_tasks_per_child");
  if (options.prestart < 0 || options.prestart > *options.max_workers)
    throw std::invalid_argument("prestart must be from 0 to max_workers");
  check_limit(options.max_pending, "max_pending");
  check_limit(options.max_pending_bytes, "max_pending_bytes");
  if (options.preload && options.start_method == StartMethod::spawn) {
    throw std::invalid_argument(
        "preload needs StartMethod::forkserver or ::fork: spawned workers share nothing");
  }
  if (options.start_method != StartMethod::fork && !wire::initialized()) {
    throw std::logic_error(
        "procfarm::init(argc, argv) was not called: make it the first line of main, so that copies "
        "of this program can serve as workers");
  }
  return options;
}

}  // namespace

PoolCore::PoolCore(ProcessPoolOptions given)
    : options(checked(std::move(given))),
      seats(static_cast<std::size_t>(*options.max_workers)),
      wake_(make_eventfd()) {}

PoolCore::~PoolCore() {
  if (driver_thread_.joinable()) driver_thread_.detach();
}

std::shared_ptr<PoolCore> PoolCore::start(ProcessPoolOptions given) {
  auto core = std::make_shared<PoolCore>(std::move(given));
  auto driver = std::make_unique<Driver>(core);
  core->callbacks.start();
  LivePools::enter(core);
  try {
    // The program's signals are for the program's threads.
    const wire::AllSignalsBlocked blocked;
    core->driver_thread_ = std::thread([driver = std::move(driver)] { driver->run(); });
  } catch (...) {
    LivePools::leave(*core);
    throw;
  }
  return core;
}

bool PoolCore::in_home_process() const { return home_.is_current(); }

void PoolCore::check_process() const { home_.check(); }

void PoolCore::end_with_program() {
  if (in_home_process() && !callbacks.is_current()) shutdown({});
}

void PoolCore::wake_driver(InboxLock& lock) {
  if (!std::exchange(inbox_.driver_asleep, false)) return;
  lock.unlock();
  wake_up();
}

void PoolCore::wake_up() {
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

void PoolCore::post(DriverCommand command) {
  InboxLock lock(mutex_);
  if (inbox_.driver_done) return;
  inbox_.arrived.commands.push_back(std::move(command));
  wake_driver(lock);
}

std::vector<WorkerInfo> PoolCore::workers() const {
  check_process();
  std::vector<WorkerInfo> result;
  const auto lock = seats.lock();
  for (const auto& occupant : seats.all()) {
    if (!occupant || occupant->pid == 0) continue;
    const Boarded* begun = seats.begun(*occupant);
    WorkerInfo info{occupant->pid, host_name(), begun != nullptr, {}, occupant->tasks_done};
    if (begun != nullptr) {
      const std::string& name = begun->state->options->task.name;
      info.task = name.empty() ? std::to_string(begun->state->id) : name;
    }
    result.push_back(std::move(info));
  }
  return result;
}

PoolStats PoolCore::stats() const {
  check_process();
  PoolStats stats;
  {
    const auto lock = seats.lock();
    for (const auto& occupant : seats.all()) {
      if (occupant && seats.begun(*occupant) != nullptr) ++stats.running;
    }
  }
  {
    std::lock_guard lock(mutex_);
    stats.pending = inbox_.unsettled - std::min(inbox_.unsettled, stats.running);
  }
  stats.done = counters.done;
  stats.failed = counters.failed;
  stats.cancelled = counters.cancelled;
  stats.workers_started = counters.workers_started;
  stats.workers_lost = counters.workers_lost;
  stats.late_results = counters.late_results;
  return stats;
}

bool PoolCore::take_back(detail::FutureState& state) {
  check_process();  // the seats are memory that we share with the process we were forked from
  std::uint64_t bytes = 0;
  {
    const auto lock = seats.lock();
    if (state.phase() != detail::Phase::pending || !seats.take_back(state)) return false;
    if (!state.claim()) return false;
    bytes = state.payload.size();  // from the claim on it is ours
  }
  counters.cancelled += state.weight();
  post(command::Cancelled{state.id, bytes});
  return true;
}

std::stop_source PoolCore::cancel_running(detail::FutureState& state) {
  post(command::CancelRunning{state.id});
  return std::stop_source(std::nostopstate);
}

bool PoolCore::running(const detail::FutureState& state) const {
  const auto lock = seats.lock();
  return seats.running(state);
}

void PoolCore::abandon(detail::FutureState& state) {
  std::uint32_t cut = 0;
  {
    const auto lock = seats.lock();
    detail::Chunk& chunk = *state.chunk();
    chunk.abandoned = true;
    Occupant* occupant = seats.occupant_of(state);
    if (occupant == nullptr) return;
    const auto begun = wire::cut_items(occupant->memory.page(), state.place().sequence);
    if (!begun) return;
    cut = chunk.count - std::clamp(*begun, chunk.done, chunk.count);
    chunk.count -= cut;
  }
  counters.cancelled += cut;
  settled(cut, 0);
}

void PoolCore::describe(const detail::FutureState& state, TaskInfo& info) const {
  const auto lock = seats.lock();
  info.attempts = state.attempt();
  Occupant* occupant = const_cast<Seats&>(seats).occupant_of(state);
  if (occupant == nullptr || !seats.running(state)) return;
  const wire::SeatPage& page = occupant->memory.page();
  info.pid = occupant->pid;
  info.host = host_name();
  if (const Boarded* boarded = occupant->on_board.find(state.place().sequence)) {
    info.attempts = static_cast<int>(boarded->attempt);
  }
  info.started = wall_time(page.begun_at.load(std::memory_order_relaxed));
  if (auto progress = wire::read_progress(page, state.place().sequence)) {
    info.progress = progress->fraction;
    info.message = std::move(progress->message);
  }
}

void PoolCore::run_callbacks(detail::FutureState& state) { callbacks.deliver(state); }

void PoolCore::take_inbox(Round& round) {
  round.submitted.clear();
  round.runs.clear();
  round.commands.clear();
  std::lock_guard lock(mutex_);
  inbox_.driver_asleep = false;
  std::swap(round, inbox_.arrived);
}

bool PoolCore::fall_asleep(std::optional<int> sated) {
  std::lock_guard lock(mutex_);
  if (!inbox_.arrived.submitted.empty() || !inbox_.arrived.commands.empty()) return false;
  inbox_.driver_asleep = true;
  inbox_.sated = sated;
  return true;
}

void PoolCore::set_broken(const ErrorRecord& why) {
  std::lock_guard lock(mutex_);
  if (!inbox_.broken) inbox_.broken = why;
  room_.notify_all();
}

void PoolCore::settled(std::uint64_t tasks, std::uint64_t bytes) {
  std::lock_guard lock(mutex_);
  inbox_.unsettled -= tasks;
  inbox_.unsettled_bytes -= bytes;
  inbox_.running -= std::min(inbox_.running, tasks);  // as far as is known
  if (blocked_ > 0) room_.notify_all();
}

void PoolCore::set_running(std::uint64_t tasks) {
  std::lock_guard lock(mutex_);
  inbox_.running = tasks;
  room_.notify_all();
}

void PoolCore::driver_finished() {
  detail::StateLocks::barrier();
  std::lock_guard lock(mutex_);
  inbox_.closed = true;
  inbox_.driver_done = true;
  inbox_.arrived.commands.clear();
  inbox_.unsettled = inbox_.unsettled_bytes = 0;  // what was cancelled last was not heard of
  finished_.notify_all();
}

}  // namespace procfarm
