// SPDX-License-Identifier: MIT
// task_book.cpp - see task_book.hpp.
#include "task_book.hpp"

#include <algorithm>
#include <utility>

namespace procfarm {

using detail::FutureState;
using detail::OutcomeKind;
using detail::Phase;

TaskBook::~TaskBook() {
  announce();
  for (const auto& chunk : chunks_) {
    if (!chunk) continue;
    for (FutureState* state : chunk->states) detail::release(state);
  }
}

TaskBook::Chunk& TaskBook::chunk_for(std::uint64_t id) {
  const std::uint64_t number = id / chunk_size;
  if (chunks_.empty()) base_ = number;
  while (base_ + chunks_.size() <= number) chunks_.push_back(nullptr);
  auto& chunk = chunks_[number - base_];
  if (!chunk) chunk = std::make_unique<Chunk>();
  return *chunk;
}

void TaskBook::enter(std::uint64_t first, std::span<FutureState* const> states) {
  while (!states.empty()) {
    Chunk& chunk = chunk_for(first);
    const std::size_t slot = first % chunk_size;
    const auto fitting = states.first(std::min(states.size(), chunk_size - slot));
    std::ranges::copy(fitting, chunk.states.begin() + static_cast<std::ptrdiff_t>(slot));
    chunk.count += fitting.size();
    first += fitting.size();
    states = states.subspan(fitting.size());
  }
}

void TaskBook::enter_rest(FutureState& state) {
  FutureState* const one = &state;
  enter(state.id, {&one, 1});
  settled_bytes_ -= state.payload.size();  // its bytes are new, and will be settled
}

FutureState** TaskBook::look_up(std::uint64_t id) const {
  const std::uint64_t number = id / chunk_size;
  if (number < base_ || number >= base_ + chunks_.size()) return nullptr;
  recent_ = chunks_[number - base_].get();
  recent_number_ = number;
  return recent_ == nullptr ? nullptr : &recent_->states[id % chunk_size];
}

FutureState* TaskBook::find(TaskId task) const {
  FutureState** at = slot(static_cast<std::uint64_t>(task));
  return at == nullptr ? nullptr : *at;
}

void TaskBook::settle_claimed(FutureState& state) {
  settled_bytes_ += state.payload.size();
  state.payload = Payload{};
  state.outcome = OutcomeKind::value;
  count(state, How::done);
  finish(state, Phase::finished);
}

void TaskBook::settle_outcome(FutureState& state, Payload bytes) {
  if (!state.claim()) return;
  settled_bytes_ += state.payload.size();
  state.payload = std::move(bytes);
  state.outcome = OutcomeKind::value;
  count(state, How::done);
  finish(state, Phase::finished);
}

void TaskBook::settle_failure(FutureState& state, Payload bytes, const std::string& stderr_tail) {
  if (!state.claim()) return;
  settled_bytes_ += state.payload.size();
  state.payload = std::move(bytes);
  if (!stderr_tail.empty()) state.extension().error.stderr_tail = stderr_tail;
  state.outcome = OutcomeKind::failure;
  count(state, How::failed);
  finish(state, Phase::finished);
}

void TaskBook::settle_error(FutureState& state, ErrorRecord error) {
  if (!state.claim()) return;
  settled_bytes_ += state.payload.size();
  state.payload = Payload{};
  state.extension().error = std::move(error);
  state.outcome = OutcomeKind::error;
  count(state, How::failed);
  finish(state, Phase::finished);
}

void TaskBook::settle_cancelled(FutureState& state, Payload bytes) {
  if (!state.claim()) return;
  settled_bytes_ += state.payload.size();
  state.payload = std::move(bytes);
  count(state, How::cancelled);
  finish(state, Phase::cancelled);
}

// In a chunk the items behind a failed one are never begun.
void TaskBook::count(const FutureState& state, How how) {
  PoolCounters& counters = core_.counters;
  const detail::Chunk* chunk = state.chunk();
  const std::uint64_t values = chunk == nullptr ? how == How::done : chunk->done;
  const std::uint64_t failures = how == How::failed;
  if (values != 0) {  // nobody else writes it: no need for a locked instruction
    counters.done.store(counters.done.load(std::memory_order_relaxed) + values,
                        std::memory_order_release);
  }
  if (failures != 0) counters.failed += failures;
  if (const std::uint64_t rest = state.weight() - values - failures) counters.cancelled += rest;
}

void TaskBook::finish(FutureState& state, Phase phase) {
  if (state.finish(phase)) {
    detail::retain(&state);
    waited_for_.push_back(&state);
  }
  drop(state);
}

void TaskBook::forget(TaskId task, std::uint64_t bytes) {
  FutureState* state = find(task);
  if (state == nullptr) return;
  settled_bytes_ += bytes;
  drop(*state);
}

void TaskBook::drop(FutureState& state) {
  *slot(state.id) = nullptr;  // from here on its chunk is the recent one
  settled_ += state.weight();
  if (--recent_->count == 0) drop_recent();
  detail::release(&state);
}

void TaskBook::drop_recent() {
  recent_ = nullptr;
  chunks_[recent_number_ - base_].reset();
  while (!chunks_.empty() && !chunks_.front()) {
    chunks_.pop_front();
    ++base_;
  }
}

void TaskBook::announce() {
  if (settled_ != 0) core_.settled(std::exchange(settled_, 0), std::exchange(settled_bytes_, 0));
  if (waited_for_.empty()) return;
  const CallbackThread::Together together(core_.callbacks);
  for (FutureState* state : waited_for_) {
    state->announce();
    detail::release(state);
  }
  waited_for_.clear();
}

}  // namespace procfarm
