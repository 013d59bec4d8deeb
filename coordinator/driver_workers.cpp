// SPDX-License-Identifier: MIT
// driver_workers.cpp - what workers say and leave behind. Their bytes are checked here; a worker
// that sends nonsense is lost, the pool is not.
#include <sys/wait.h>

#include <algorithm>
#include <cstring>

#include <fmt/core.h>

#include <procfarm/wire/failure.hpp>
#include <procfarm/wire/message.hpp>
#include <procfarm/wire/modules.hpp>

#include "driver.hpp"
#include "shared_options.hpp"
#include "task_text.hpp"

namespace procfarm {
namespace {

WorkerId worker_of(wire::SeatLife life) { return {life.seat, life.incarnation}; }

// Takes the same time whatever differs.
bool same_token(const std::array<unsigned char, 16>& ours, const std::string& theirs) {
  if (theirs.size() != ours.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    difference |= static_cast<unsigned>(ours[i] ^ static_cast<unsigned char>(theirs[i]));
  }
  return difference == 0;
}

void note_lost_attempt(const Occupant& occupant, const Boarded& begun) {
  detail::FutureState& state = *begun.state;
  const std::int64_t started = occupant.memory.page().begun_at.load(std::memory_order_relaxed);
  state.note_attempt(occupant.pid, begun.attempt,
                     {.started = started, .took = steady_now() - started, .cpu = 0});
}

}  // namespace

void Driver::handle(const Envelope& envelope) {
  const auto route = routes_.find(envelope.routing_id);
  wire::FromWorker message;
  try {
    message = wire::decode_from_worker(envelope.header.data<char>(), envelope.header.size());
  } catch (const std::exception&) {
    if (route != routes_.end()) give_up(route->second);
    return;
  }
  if (const auto* hello = std::get_if<wire::Hello>(&message)) {
    return welcome(envelope.routing_id, *hello);
  }
  if (route == routes_.end()) return;
  const WorkerId worker = route->second;
  if (const auto* failed = std::get_if<wire::Failed>(&message)) {
    return initializer_failed(worker, failed->failure);
  }
  const auto lock = core_->seats.lock();
  Occupant* occupant = core_->seats.at(worker);
  if (occupant == nullptr || std::exchange(occupant->ready, true)) return;
  scheduler_.worker_ready(worker, now());
}

void Driver::welcome(const std::string& routing_id, const wire::Hello& hello) {
  const auto lock = core_->seats.lock();
  Occupant* occupant = core_->seats.at(worker_of(hello.life));
  const bool known = occupant != nullptr && occupant->routing_id.empty() &&
                     same_token(occupant->token, hello.token);
  if (!known) return;
  if (hello.version != wire::protocol_version) {
    last_start_failure_ = fmt::format("a worker speaks protocol version {}, this program speaks {}",
                                      hello.version, wire::protocol_version);
    supervisor_.kill(hello.life);
    return;
  }
  socket_.line_is_up(hello.life);
  occupant->routing_id = routing_id;
  occupant->hello_deadline.reset();
  routes_.emplace(routing_id, occupant->id);
}

void Driver::send_modules(Occupant& occupant) {
  wire::Modules message;
  message.first = occupant.modules_sent + 1;
  message.modules = wire::module_names(occupant.modules_sent);
  occupant.modules_sent += static_cast<std::uint32_t>(message.modules.size());
  socket_.send(occupant.routing_id, wire::frame(wire::ToWorker(std::move(message))));
}

void Driver::initializer_failed(WorkerId worker, const std::string& failure) {
  {
    const auto lock = core_->seats.lock();
    const Occupant* occupant = core_->seats.at(worker);
    // Nonsense from one that has no initializer or is through with it costs only itself.
    if (!core_->options.initializer || occupant == nullptr || occupant->ready)
      return give_up(worker);
  }
  wire::Failure decoded;
  try {
    decoded = wire::decode_failure(failure.data(), failure.size());
  } catch (const std::exception&) {
    return break_with("the initializer failed in a worker");
  }
  break_with("the initializer failed in a worker: " + wire::summary(decoded),
             wire::rebuild(decoded, {}));
}

void Driver::give_up(WorkerId worker) { supervisor_.kill({worker.seat, worker.incarnation}); }

void Driver::handle(const wire::Report& report) {
  const WorkerId worker = worker_of(report.life);
  switch (report.kind) {
    case wire::Report::Kind::ready: supervisor_deadline_.reset(); return;
    case wire::Report::Kind::preload_failed: return break_with(report.text);
    case wire::Report::Kind::started: {
      const auto lock = core_->seats.lock();
      if (Occupant* occupant = core_->seats.at(worker)) {
        occupant->pid = report.pid;
        if (occupant->routing_id.empty()) occupant->hello_deadline = now() + first_contact_limit;
      }
      ++core_->counters.workers_started;
      return;
    }
    case wire::Report::Kind::start_failed:
      return start_refused(worker,
                           fmt::format("{}: {}", report.text, std::strerror(report.status)));
    case wire::Report::Kind::suspended:
      if (suspending_.empty()) return;
      suspending_.front()->set_value();
      return suspending_.pop_front();
    case wire::Report::Kind::exited: {
      Loss loss;
      if (WIFSIGNALED(report.status)) loss.signal = WTERMSIG(report.status);
      if (WIFEXITED(report.status)) loss.exit_code = WEXITSTATUS(report.status);
      return worker_gone(worker, loss);
    }
  }
}

void Driver::worker_gone(WorkerId worker, const Loss& given) {
  collect_results(worker);
  std::unique_ptr<Occupant> gone;
  std::optional<TaskId> running;
  {
    const auto lock = core_->seats.lock();
    Occupant* occupant = core_->seats.at(worker);
    if (occupant == nullptr) return;
    Boarded* begun = core_->seats.begun(*occupant);
    if (begun != nullptr && !rescue_chunk(*occupant, *begun)) {
      running = TaskId{begun->state->id};
      note_lost_attempt(*occupant, *begun);
    }
    gone = core_->seats.remove(worker);
  }
  settle_early_ends();
  loss_ = given;
  loss_->pid = gone->pid;
  Streams& streams = streams_[worker.seat];
  if (streams.err) {
    streams.err->finish();
    loss_->stderr_tail = streams.err->tail();
  }
  if (!gone->ready && last_start_failure_.empty()) {
    last_start_failure_ = fmt::format(
        "a worker ended before its first task ({}){}{}",
        given.signal != 0 ? wire::signal_name(given.signal)
                          : fmt::format("exit code {}", given.exit_code),
        loss_->stderr_tail.empty() ? "" : ", its standard error ended with: ", loss_->stderr_tail);
  }
  if (!gone->leaving) ++core_->counters.workers_lost;
  routes_.erase(gone->routing_id);
  socket_.close_line({worker.seat, worker.incarnation});
  reserve_.keep_one();
  scheduler_.worker_lost(worker, running, now(), actions_);
  carry_out();
  loss_.reset();
}

void Driver::start_refused(WorkerId worker, const std::string& text) {
  last_start_failure_ = "no worker can be started: " + text;
  {
    const auto lock = core_->seats.lock();
    core_->seats.remove(worker);
  }
  socket_.close_line({worker.seat, worker.incarnation});
  reserve_.keep_one();
  scheduler_.start_refused(worker, now(), actions_);
}

void Driver::supervisor_gone() {
  suspending_.clear();
  if (broken_) return;
  break_with("the supervisor of the workers has died");
  const auto lock = core_->seats.lock();
  for (const auto& occupant : core_->seats.all()) {  // their ends are reported no more
    if (occupant) socket_.close_line({occupant->id.seat, occupant->id.incarnation});
  }
}

void Driver::break_with(const std::string& text, std::exception_ptr cause) {
  if (broken_) return;
  broken_ = ErrorRecord{.kind = ErrorRecord::Kind::broken, .text = text, .cause = std::move(cause)};
  core_->set_broken(*broken_);
  {
    const auto lock = core_->seats.lock();
    for (const auto& occupant : core_->seats.all()) {
      const Boarded* begun = occupant ? core_->seats.begun(*occupant) : nullptr;
      if (begun != nullptr) note_lost_attempt(*occupant, *begun);
    }
  }
  scheduler_.break_pool(actions_);
  supervisor_.signal_all(SIGKILL);
}

}  // namespace procfarm
