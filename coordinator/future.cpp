// SPDX-License-Identifier: MIT
// future.cpp - what a handle on a task can do without knowing the type of its result.
#include <procfarm/any_future.hpp>

#include <cstdlib>
#include <mutex>

#include <procfarm/errors.hpp>
#include <procfarm/wire/failure.hpp>

#include "future_state.hpp"
#include "shared_options.hpp"
#include "task_text.hpp"

namespace procfarm {
namespace {

using detail::FutureState;
using detail::OutcomeKind;
using detail::Phase;

std::exception_ptr make_error(FutureState& state) {
  const ErrorRecord& record = state.extension().error;
  if (state.outcome == OutcomeKind::error) return record.make();
  return wire::rebuild(state.payload.data(), state.payload.size(), task_ref(state),
                       record.stderr_tail);
}

// Waits until the task is settled and was not cancelled.
void wait_settled(FutureState& state, std::optional<Duration> timeout) {
  if (!state.wait(timeout)) {
    // Its attempt and worker are still the driver's to write.
    throw TimeoutError(task_text(state) + " is not done yet",
                       {.id = std::to_string(state.id), .name = state.options->task.name});
  }
  if (state.phase() == Phase::cancelled) {
    throw CancelledError(task_ref(state));
  }
}

// Runs `ask` with the host while the state is certain to be unsettled, else returns `otherwise`.
template <class Ask, class T>
T ask_host(FutureState& state, T otherwise, Ask ask) {
  if (state.done()) return otherwise;
  std::lock_guard stripe(detail::StateLocks::of(&state).mutex);
  if (state.done()) return otherwise;
  return ask(state.host());
}

}  // namespace

detail::FutureState& AnyFuture::state() const {
  if (state_ == nullptr) {
    throw InvalidStateError(
        "this future belongs to no task: it was default-constructed or moved from");
  }
  return *state_;
}

bool AnyFuture::cancel() {
  FutureState& task = state();
  if (task.done()) return task.phase() == Phase::cancelled;
  std::unique_lock stripe(detail::StateLocks::of(&task).mutex);
  if (task.done() || !task.host().take_back(task)) return task.phase() == Phase::cancelled;
  task.payload = Payload{};
  const std::shared_ptr<void> dropped = task.take_dropped();
  task.finish(Phase::cancelled);
  task.announce(std::move(stripe));
  return true;
}

bool AnyFuture::cancel(CancelRunning) {
  if (done()) return false;
  if (cancel()) return true;
  std::stop_source stop(std::nostopstate);
  const bool asked = ask_host(state(), false, [&](TaskHost& host) {
    stop = host.cancel_running(*state_);
    return true;
  });
  stop.request_stop();
  return asked;
}

bool AnyFuture::cancelled() const { return state().phase() == Phase::cancelled; }

bool AnyFuture::running() const {
  return ask_host(state(), false, [this](TaskHost& host) { return host.running(*state_); });
}

bool AnyFuture::done() const { return state().done(); }

TaskInfo AnyFuture::info() const {
  FutureState& task = state();
  TaskInfo info = settled_info(task);
  const bool unsettled = ask_host(task, false, [&](TaskHost& host) {
    host.describe(task, info);
    return true;
  });
  return unsettled ? info : settled_info(task);
}

detail::ValueView AnyFuture::wait_value(std::optional<Duration> timeout) const {
  FutureState& task = state();
  wait_settled(task, timeout);
  if (task.outcome == OutcomeKind::value) return {task.payload.view(), nullptr};
  if (task.outcome == OutcomeKind::local_value) return {{}, task.extension().local_value.get()};
  std::rethrow_exception(make_error(task));
}

detail::ValueView AnyFuture::value_of_cancelled() const {
  FutureState& task = state();
  return task.phase() == Phase::cancelled ? detail::ValueView{task.payload.view(), nullptr}
                                          : detail::ValueView{};
}

std::exception_ptr AnyFuture::error(std::optional<Duration> timeout) const {
  FutureState& task = state();
  wait_settled(task, timeout);
  const bool good = task.outcome == OutcomeKind::value || task.outcome == OutcomeKind::local_value;
  return good ? nullptr : make_error(task);
}

void AnyFuture::add_callback(std::function<void()> callback) const {
  state().add_callback(std::move(callback));
}

void AnyFuture::throw_undecodable() const {
  detail::throw_serialization_error("decode result", task_ref(state()));
}

}  // namespace procfarm
