// SPDX-License-Identifier: MIT
// map_chunks.cpp - see map_chunks.hpp.
#include <procfarm/map_chunks.hpp>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

#include <procfarm/errors.hpp>
#include <procfarm/submitter.hpp>
#include <procfarm/wire/chunk.hpp>

#include "future_state.hpp"
#include "pool_core.hpp"
#include "shared_options.hpp"
#include "task_text.hpp"

namespace procfarm::detail {
namespace {

constexpr std::size_t most_items = 8192;

std::size_t workers_of(const PoolCore& core) {
  return static_cast<std::size_t>(*core.options.max_workers);
}

FutureState& state_of(const AnyFuture& future) { return *FutureAccess::state(future); }

}  // namespace

bool map_in_chunks(const PoolCore& core, const SharedOptions& options, const MapOptions& map) {
  const ProcessPoolOptions& pool = core.options;
  const TaskOptions& task = options.task;
  return !pool.max_pending && !pool.max_pending_bytes && !pool.max_tasks_per_child &&
         !map.buffersize && map.chunksize != 1 && !task.timeout && task.retry.max_attempts <= 1 &&
         !options.waits;
}

ChunkFiller::ChunkFiller(PoolCore& core, const SharedOptions& options, FunctionId function,
                         std::size_t chunksize, std::optional<std::size_t> inputs)
    : core_(core),
      options_(options),
      function_(function),
      chunksize_(std::min(chunksize, most_items)),
      left_(inputs) {
  choose_limit(0);
}

void ChunkFiller::choose_limit(std::size_t submitted) {
  if (left_) *left_ -= std::min(*left_, submitted);
  if (chunksize_ != 0) {
    limit_ = chunksize_;
    return;
  }
  if (submitted_ >= 2 * workers_of(core_)) {
    growth_ = std::min(2 * growth_, most_items);
    submitted_ = 0;
  }
  limit_ = growth_;
  if (left_) limit_ = std::clamp<std::size_t>(*left_ / (4 * workers_of(core_)), 1, limit_);
}

char* ChunkFiller::begin_fixed(std::size_t width) {
  const std::size_t size = sizeof(wire::ChunkHead) + limit_fixed(width) * width;
  payload_ = std::make_unique_for_overwrite<char[]>(size);
  width_ = width;
  return fixed_begin_ = payload_.get() + sizeof(wire::ChunkHead);
}

FutureState* ChunkFiller::submit_fixed() {
  const auto bytes = static_cast<std::size_t>(std::exchange(fixed_end_, nullptr) - fixed_begin_);
  fixed_begin_ = nullptr;
  const wire::ChunkHead head{.count = static_cast<std::uint32_t>(bytes / width_),
                             .width = static_cast<std::uint32_t>(width_)};
  std::memcpy(payload_.get(), &head, sizeof head);
  FutureState* const state = core_.submit_chunk(
      options_, function_,
      Payload(std::move(payload_), static_cast<std::uint32_t>(sizeof head + bytes)), head.count);
  ++submitted_;
  choose_limit(head.count);
  return state;
}

FutureState* ChunkFiller::submit() {
  if (fixed_begin_ != nullptr) return submit_fixed();
  if (sizes_.empty()) {
    try {
      std::rethrow_exception(std::exchange(refused_, nullptr));
    } catch (...) {
      return fail_task(core_, options_);
    }
  }
  const auto count = static_cast<std::uint32_t>(sizes_.size());
  FutureState* const state = core_.submit_chunk(
      options_, function_, wire::chunk_payload(sizes_.data(), count, arguments_.bytes()), count);
  ++submitted_;
  sizes_.clear();
  arguments_.clear();
  choose_limit(count);
  return state;
}

bool is_chunk(const AnyFuture& future) { return wire::is_chunk(state_of(future).function); }

ChunkValues open_chunk(const AnyFuture& chunk, std::optional<Duration> timeout) {
  FutureState& state = state_of(chunk);
  if (!state.wait(timeout)) {
    throw TimeoutError(task_text(state) + " is not done yet",
                       {.id = std::to_string(state.id), .name = state.options->task.name});
  }
  const Chunk& values = *state.chunk();
  return {Reader(values.values.view()), values.done};
}

std::vector<FutureState*> close_chunk(const AnyFuture& chunk) {
  FutureState& state = state_of(chunk);
  if (state.phase() == Phase::cancelled) throw CancelledError(task_ref(state));
  if (const std::exception_ptr error = chunk.exception()) std::rethrow_exception(error);
  const std::lock_guard stripe(StateLocks::of(&state).mutex);
  return std::exchange(state.chunk()->rest, {});
}

void abandon_chunk(const AnyFuture& chunk) {
  AnyFuture own = chunk;
  if (own.cancel()) return;
  FutureState& state = state_of(chunk);
  std::vector<AnyFuture> rest;
  {
    const std::lock_guard stripe(StateLocks::of(&state).mutex);
    if (!state.done()) state.host().abandon(state);
    for (FutureState* each : std::exchange(state.chunk()->rest, {})) rest.emplace_back(each);
  }
  for (const AnyFuture& each : rest) abandon_chunk(each);
}

void throw_undecodable_item(const AnyFuture& chunk, std::uint32_t left) {
  FutureState& state = state_of(chunk);
  TaskRef item = task_ref(state);
  item.id = std::to_string(state.id + state.chunk()->done - left - 1);
  throw_serialization_error("decode result", item);
}

}  // namespace procfarm::detail
