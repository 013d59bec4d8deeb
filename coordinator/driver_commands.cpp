// SPDX-License-Identifier: MIT
// driver_commands.cpp - what callers ask for besides new tasks.
#include <csignal>
#include <utility>

#include "driver.hpp"
#include "task_text.hpp"

namespace procfarm {

using namespace std::chrono_literals;

void Driver::handle(const command::Cancelled& given) {
  scheduler_.cancelled(TaskId{given.task});
  tasks_.forget(TaskId{given.task}, given.bytes);
}

void Driver::handle(const command::CancelRunning& given) {
  scheduler_.cancel_running(TaskId{given.task}, now(), actions_);
}

void Driver::handle(const command::Released& given) { scheduler_.released(TaskId{given.task}); }

void Driver::handle(const command::DependencyFailed& given) {
  detail::FutureState* state = tasks_.find(TaskId{given.task});
  if (state == nullptr) return;
  scheduler_.cancelled(TaskId{given.task});
  ErrorRecord error = given.error;
  error.task = task_ref(*state);
  tasks_.settle_error(*state, std::move(error));
}

void Driver::handle(const command::Close& given) {
  closing_ = true;
  scheduler_.close();
  supervisor_.go_on();  // nobody else could tell us of the workers' ends
  resume();             // it would wait for ever for what stands still
  if (!given.cancel_pending) return;
  cancel_all();
  carry_out();
  given.cancelled->set_value();
}

void Driver::cancel_all() {
  scheduler_.cancel_all(now(), actions_);
  const auto lock = core_->seats.lock();
  for (const auto& occupant : core_->seats.all()) {
    const Boarded* begun = occupant ? core_->seats.begun(*occupant) : nullptr;
    if (begun == nullptr || begun->state->chunk() == nullptr) continue;
    wire::cut_items(occupant->memory.page(), begun->state->place().sequence);
  }
}

void Driver::handle(const command::EndWorkers& given) {
  ended_ = true;
  closing_ = true;
  scheduler_.close();
  cancel_all();
  carry_out();
  given.cancelled->set_value();
  if (given.signal == SIGTERM) {
    supervisor_.signal_all(SIGTERM);
    kill_all_at_ = now() + 2s;
    return;
  }
  std::vector<wire::SeatLife> lives;
  {
    const auto lock = core_->seats.lock();
    for (const auto& occupant : core_->seats.all()) {
      if (occupant) lives.push_back({occupant->id.seat, occupant->id.incarnation});
    }
  }
  for (const wire::SeatLife& life : lives) supervisor_.kill(life);
}

void Driver::handle(const command::Suspend& given) {
  if (!std::exchange(suspended_, true)) suspended_at_ = now();
  scheduler_.suspend(now());
  supervisor_.suspend();
  suspending_.push_back(given.stopped);
}

void Driver::handle(const command::Resume&) { resume(); }

/// Before workers go on: they watch limits too.
void Driver::tell_pause(Duration pause) {
  const auto lock = core_->seats.lock();
  for (const auto& occupant : core_->seats.all()) {
    if (occupant) occupant->memory.page().suspended_for += pause.count();
  }
}

void Driver::resume() {
  if (!std::exchange(suspended_, false)) return;
  tell_pause(now() - suspended_at_);
  supervisor_.resume();
  scheduler_.resume(now());
}

}  // namespace procfarm
