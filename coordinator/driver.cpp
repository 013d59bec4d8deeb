// SPDX-License-Identifier: MIT
// driver.cpp - the loop.
#include "driver.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include <fmt/core.h>

#include "live_pools.hpp"
#include "task_text.hpp"

namespace procfarm {
namespace {

using namespace std::chrono_literals;

wire::SupervisorConfig config_for(const ProcessPoolOptions& options, std::uint64_t soft_nofile) {
  wire::SupervisorConfig config;
  config.start_method = static_cast<std::uint32_t>(options.start_method);
  config.preload_set = static_cast<bool>(options.preload);
  config.preload_function = options.preload.function().packed();
  config.preload_arguments = options.preload.arguments();
  config.initializer_set = static_cast<bool>(options.initializer);
  config.initializer_function = options.initializer.function().packed();
  config.initializer_arguments = options.initializer.arguments();
  config.env = options.env;
  config.coordinator_pid = ::getpid();
  config.soft_nofile = soft_nofile;
  return config;
}

/// A program that turns out to be no worker prints what it likes, which nobody has asked for.
bool is_silent(const ProcessPoolOptions& options) {
  return options.capture_stdout && !options.forward_captured;
}

SchedulerOptions scheduler_options(const ProcessPoolOptions& options) {
  SchedulerOptions result;
  result.max_workers = *options.max_workers;
  result.prestart = options.prestart;
  result.max_tasks_per_child = options.max_tasks_per_child;
  return result;
}

}  // namespace

Driver::Driver(std::shared_ptr<PoolCore> core)
    : core_(std::move(core)),
      reserve_(static_cast<std::size_t>(*core_->options.max_workers)),
      supervisor_(config_for(core_->options, reserve_.limit_of_program()), core_->options.program,
                  is_silent(core_->options)),
      scheduler_(scheduler_options(core_->options)),
      tasks_(*core_),
      streams_(static_cast<std::size_t>(*core_->options.max_workers)) {
  if (!core_->options.preload) supervisor_deadline_ = now() + first_contact_limit;
}

Driver::~Driver() = default;

Time Driver::now() { return Time(steady_now()); }

void Driver::run() {
  try {
    loop();
  } catch (const std::exception& error) {
    break_with(fmt::format("the driver of this executor failed: {}", error.what()));
    take_inbox();
    carry_out();
  }
  leave();
}

void Driver::loop() {
  while (!at_end()) {
    take_inbox();
    receive_messages();
    receive_results();
    receive_reports();
    check_timers();
    carry_out();
    tasks_.announce();
    if (heard_at_ != Time{}) sweep_once();
    if (core_->submit_blocked()) core_->set_running(core_->stats().running);
    if (!at_end()) sleep();
  }
}

bool Driver::at_end() const {
  if (!closing_ || !scheduler_.idle()) return false;
  const auto lock = core_->seats.lock();
  return supervisor_.gone() || std::none_of(core_->seats.all().begin(), core_->seats.all().end(),
                                            [](const auto& seat) { return seat != nullptr; });
}

void Driver::take_inbox() {
  core_->take_inbox(round_);
  std::span<detail::FutureState* const> left = round_.submitted;
  for (const PoolCore::Run& run : round_.runs) {
    tasks_.enter(run.first, left.first(run.count));
    left = left.subspan(run.count);
    scheduler_.submitted(TaskId{run.first}, run.count, run.options->policy, run.options->waits,
                         actions_);
  }
  for (const DriverCommand& given : round_.commands) {
    std::visit([this](const auto& each) { handle(each); }, given);
  }
}

void Driver::receive_messages() {
  Envelope envelope;
  for (int i = 0; i < 1000 && socket_.receive(envelope); ++i) handle(envelope);
}

void Driver::receive_results() {
  with_results_.clear();
  {
    const auto lock = core_->seats.lock();
    for (const auto& occupant : core_->seats.all()) {
      if (occupant && occupant->results.waiting()) with_results_.push_back(occupant->id);
    }
  }
  for (const WorkerId worker : with_results_) collect_results(worker);
}

void Driver::receive_reports() {
  supervisor_.flush();
  while (auto report = supervisor_.receive()) handle(*report);
  if (supervisor_.gone()) supervisor_gone();
}

void Driver::check_timers() {
  scheduler_.tick(now(), actions_);
  std::vector<WorkerId> silent;
  {
    const auto lock = core_->seats.lock();
    for (const auto& occupant : core_->seats.all()) {
      if (occupant && occupant->hello_deadline && *occupant->hello_deadline <= now()) {
        occupant->hello_deadline.reset();
        silent.push_back(occupant->id);
      }
    }
  }
  for (const WorkerId worker : silent) {
    last_start_failure_ = "a worker did not make contact in time after its start";
    give_up(worker);
  }
  if (supervisor_deadline_ && *supervisor_deadline_ <= now()) {
    supervisor_deadline_.reset();
    break_with("the supervisor did not make contact in time after its start");
    supervisor_.close_and_wait(0ms);  // it obeys nobody
  }
  if (closing_ && scheduler_.idle()) end_starting_workers();
  if (kill_all_at_ && *kill_all_at_ <= now()) {
    kill_all_at_.reset();
    supervisor_.signal_all(SIGKILL);
  }
  for (Streams& streams : streams_) {
    if (streams.err && core_->options.forward_captured) streams.err->drain();
  }
}

// Nothing is left to do: no need to wait until they are ready.
void Driver::end_starting_workers() {
  std::vector<WorkerId> starting;
  {
    const auto lock = core_->seats.lock();
    for (const auto& occupant : core_->seats.all()) {
      if (!occupant || occupant->ready || occupant->pid == 0) continue;
      if (!std::exchange(occupant->leaving, true)) starting.push_back(occupant->id);
    }
  }
  for (const WorkerId worker : starting) give_up(worker);
}

/// Slots are counted round: a worker whose oldest task lies far behind the next one gets no more.
void Driver::watch_slots() {
  if (!core_->seats.took_back() && !crowded_) return;
  crowded_ = false;
  const auto lock = core_->seats.lock();
  for (const auto& occupant : core_->seats.all()) {
    if (!occupant) continue;
    const bool crowded = Seats::is_crowded(*occupant);
    crowded_ |= crowded;
    scheduler_.set_crowded(occupant->id, crowded);
  }
}

void Driver::carry_out() {
  for (;;) {
    watch_slots();
    scheduler_.dispatch(now(), actions_);
    if (scheduler_.broken() && !broken_) {
      break_with(last_start_failure_.empty() ? "no worker can be started" : last_start_failure_);
    }
    if (actions_.empty()) return;
    const Actions due = std::exchange(actions_, {});
    for (const Action& each : due) {
      std::visit([this](const auto& what) { perform(what); }, each);
    }
  }
}

std::optional<Time> Driver::next_appointment() const {
  std::optional<Time> until = scheduler_.next_wakeup();
  const auto earlier = [&until](std::optional<Time> other) {
    if (other && (!until || *other < *until)) until = other;
  };
  earlier(kill_all_at_);
  earlier(supervisor_deadline_);
  bool capturing = false;
  {
    const auto lock = core_->seats.lock();
    for (const auto& occupant : core_->seats.all()) {
      if (!occupant) continue;
      earlier(occupant->hello_deadline);
      capturing |= !occupant->on_board.empty() && core_->options.capture_stderr &&
                   core_->options.forward_captured;
    }
  }
  if (capturing) earlier(now() + 100ms);
  if (core_->submit_blocked()) earlier(now() + 2ms);
  return until;
}

void Driver::sleep() {
  const Time paced_until = heard_at_ + scheduler_.pace();
  const bool pacing = paced_until > now();
  if (!core_->fall_asleep(pacing ? scheduler_.sated() : std::nullopt)) return;
  std::optional<Time> until = next_appointment();
  if (pacing && (!until || paced_until < *until)) until = paced_until;
  if (lie_down(pacing ? wire::Depth::pacing : wire::Depth::asleep)) {
    const std::array fds{core_->wake_fd(), supervisor_.fd()};
    const bool watch_supervisor = !supervisor_.gone();
    std::optional<Duration> limit;
    if (until) limit = std::clamp<Duration>(*until - now(), 0ns, 1h);
    socket_.wait(std::span(fds).first(watch_supervisor ? 2 : 1), limit);
  }
  rise();
  std::uint64_t count = 0;
  (void)!::read(core_->wake_fd(), &count, sizeof count);
}

bool Driver::lie_down(wire::Depth depth) {
  const std::uint64_t rest = wire::rest_word(++rests_, depth);
  const auto lock = core_->seats.lock();
  return std::all_of(core_->seats.all().begin(), core_->seats.all().end(),
                     [rest](const auto& each) {
                       return each == nullptr || each->on_board.empty() ||
                              wire::lie_down(each->memory.page(), each->results, rest);
                     });
}

void Driver::rise() {
  const auto lock = core_->seats.lock();
  for (const auto& occupant : core_->seats.all()) {
    if (occupant) wire::rise(occupant->memory.page());
  }
}

/// After the first result, which somebody may be waiting for.
void Driver::sweep_once() {
  if (!std::exchange(swept_, true)) socket_.sweep();
}

void Driver::leave() {
  tasks_.announce();
  supervisor_.close();
  sweep_once();  // while it ends
  socket_.close();
  supervisor_.close_and_wait(2s);
  core_->driver_finished();
  LivePools::leave(*core_);
}

}  // namespace procfarm
