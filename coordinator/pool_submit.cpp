// SPDX-License-Identifier: MIT
// pool_submit.cpp - the way of a task into the inbox of the driver.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include <procfarm/errors.hpp>
#include <procfarm/wire/chunk.hpp>

#include "dependencies.hpp"
#include "pool_core.hpp"
#include "task_text.hpp"

namespace procfarm {

void PoolCore::check_open(const Inbox& inbox) const {
  if (inbox.broken) std::rethrow_exception(inbox.broken->make());
  if (inbox.closed) throw ShutdownError("cannot schedule new futures after shutdown");
}

bool PoolCore::has_room() const {
  if (inbox_.closed || inbox_.broken) return true;
  const std::uint64_t pending = inbox_.unsettled - std::min(inbox_.unsettled, inbox_.running);
  if (options.max_pending && pending >= *options.max_pending) return false;
  return !options.max_pending_bytes || inbox_.unsettled_bytes < *options.max_pending_bytes;
}

void PoolCore::wait_for_room(InboxLock& lock) {
  if (has_room()) return;
  ++blocked_;
  while (!has_room()) {
    if (inbox_.driver_asleep) {
      wake_driver(lock);
      lock.lock();
    }
    room_.wait_for(lock, std::chrono::milliseconds(100), [this] { return has_room(); });
  }
  --blocked_;
}

detail::FutureState* PoolCore::submit(const SharedOptions& task_options, FunctionId function,
                                      Writer& arguments) {
  const std::size_t size = arguments.size();
  if (size > wire::max_payload) return refuse_size(task_options, size);
  char* const block = arguments.release();
  if (block == nullptr) return submit_payload(task_options, function, stored(arguments.bytes()));
  return submit_payload(
      task_options, function,
      {std::make_unique<OwnedBlock>(blocks_, block), static_cast<std::uint32_t>(size)});
}

detail::FutureState* PoolCore::submit(const SharedOptions& task_options, FunctionId function,
                                      std::string_view arguments) {
  if (arguments.size() > wire::max_payload) return refuse_size(task_options, arguments.size());
  return submit_payload(task_options, function, stored(arguments));
}

detail::FutureState* PoolCore::refuse_size(const SharedOptions& task_options, std::size_t size) {
  check_process();
  return fail_submit(task_options, fmt::format("arguments of {} bytes exceed the limit of {} bytes",
                                               size, wire::max_payload));
}

Payload PoolCore::stored(std::string_view bytes) const {
  char* const block = bytes.size() < Writer::large_buffer ? nullptr : blocks_->take(bytes.size());
  if (block == nullptr) return Payload(bytes);
  std::memcpy(block, bytes.data(), bytes.size());
  return {std::make_unique<OwnedBlock>(blocks_, block), static_cast<std::uint32_t>(bytes.size())};
}

detail::FutureState* PoolCore::submit_payload(const SharedOptions& task_options,
                                              FunctionId function, Payload arguments) {
  check_process();
  check_all(task_options.after());
  auto made = make_state(task_options, function.packed(), std::move(arguments));
  InboxLock lock(mutex_);
  check_open(inbox_);
  if (options.max_pending || options.max_pending_bytes) {
    wait_for_room(lock);
    check_open(inbox_);
    made->submitted = steady_now();
  }
  auto* const state = enter(std::move(lock), std::move(made), 1);
  if (task_options.waits) watch_dependencies(*state);
  return state;
}

detail::FutureState* PoolCore::submit_chunk(const SharedOptions& task_options, FunctionId function,
                                            std::string_view payload, std::uint32_t items) {
  return submit_chunk(task_options, function, stored(payload), items);
}

detail::FutureState* PoolCore::submit_chunk(const SharedOptions& task_options, FunctionId function,
                                            Payload payload, std::uint32_t items) {
  check_process();
  auto state = make_state(task_options, function.packed() | wire::chunk_bit, std::move(payload));
  state->extension().chunk = std::make_unique<detail::Chunk>(items);
  InboxLock lock(mutex_);
  check_open(inbox_);
  return enter(std::move(lock), std::move(state), items);
}

std::unique_ptr<detail::FutureState> PoolCore::make_state(const SharedOptions& task_options,
                                                          std::uint64_t function, Payload payload) {
  auto state = std::make_unique<detail::FutureState>(0, *this, task_options, 2);
  state->function = function;
  state->payload = std::move(payload);
  state->submitted = steady_now();
  return state;
}

void PoolCore::Round::add(detail::FutureState& state) {
  const bool goes_on = !runs.empty() && runs.back().options == state.options &&
                       runs.back().first + runs.back().count == state.id;
  if (!goes_on) runs.push_back({state.id, 0, state.options});
  submitted.push_back(&state);
  ++runs.back().count;
}

detail::FutureState* PoolCore::enter(InboxLock lock, std::unique_ptr<detail::FutureState> state,
                                     std::uint32_t items) {
  state->id = inbox_.next_task;
  inbox_.arrived.add(*state);
  inbox_.next_task += items;
  inbox_.unsettled += items;
  inbox_.unsettled_bytes += state->payload.size();
  const bool can_wait = inbox_.sated && state->options->policy.priority <= *inbox_.sated;
  if (!can_wait) wake_driver(lock);
  return state.release();
}

detail::FutureState* PoolCore::fail_submit(const SharedOptions& task_options,
                                           const std::string& text, std::exception_ptr cause) {
  InboxLock lock(mutex_);
  check_open(inbox_);
  auto* state = new detail::FutureState(inbox_.next_task++, *this, task_options);
  lock.unlock();
  state->claim();
  state->outcome = detail::OutcomeKind::error;
  state->extension().error = {.kind = ErrorRecord::Kind::serialization,
                              .task = task_ref(*state),
                              .text = text,
                              .cause = std::move(cause)};
  ++counters.failed;
  state->finish(detail::Phase::finished);
  return state;
}

void PoolCore::watch_dependencies(detail::FutureState& state) {
  watch_all(*state.options,
            [core = weak_from_this(), task = state.id](std::optional<ErrorRecord> failed) {
              const auto alive = core.lock();
              if (!alive) return;
              if (failed) {
                return alive->post(command::DependencyFailed{task, *std::move(failed)});
              }
              alive->post(command::Released{task});
            });
}

}  // namespace procfarm
