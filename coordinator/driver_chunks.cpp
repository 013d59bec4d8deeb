// SPDX-License-Identifier: MIT
// driver_chunks.cpp - chunks of a map: their values come in one or more records, and what a worker
// leaves undone (it took long, or died between two items) goes on as chunks of its own, so that
// other workers can have it. The first of these lies in the order of tasks where its items did.
#include <algorithm>
#include <cassert>
#include <mutex>
#include <stdexcept>
#include <utility>

#include <procfarm/wire/chunk.hpp>

#include "driver.hpp"
#include "shared_options.hpp"

namespace procfarm {

using detail::Chunk;
using detail::FutureState;

void Driver::take_values(Occupant& occupant, Chunk& chunk, const wire::ResultRecord& record) {
  if (record.items > chunk.count - chunk.done) {
    throw std::runtime_error("it answers for more items than it was given");
  }
  occupant.results.read(record, chunk.values.room_for(record.size));
  chunk.values.add(record.size);
  chunk.done += static_cast<std::uint32_t>(record.items);
  occupant.tasks_done += record.items;
}

bool Driver::rescue_chunk(Occupant& occupant, Boarded& begun) {
  FutureState& state = *begun.state;
  Chunk* const chunk = state.chunk();
  if (chunk == nullptr) return false;
  try {
    if (const auto open = occupant.results.open_record()) take_values(occupant, *chunk, *open);
  } catch (const std::exception&) {
    return false;  // it wrote nonsense before it died
  }
  const wire::SeatPage& page = occupant.memory.page();
  if (wire::items_begun(page, state.place().sequence) > chunk->done) return false;
  if (chunk->done == 0) return true;  // no item has begun: it goes back as what it is
  wire::ResultRecord end;
  end.sequence = state.place().sequence;
  end.attempt = begun.attempt;
  end.started = page.begun_at.load(std::memory_order_relaxed);
  end.took = now().count() - end.started;
  conclude(occupant, begun, end, {});
  return true;
}

// Two for each worker, but none shorter than half of what is done in the time of a chunk: they
// would only be more, and longer ones would often end early again. That time is at most twice
// chunk_time, by the worker's clock: if it took longer, its last item was long, and those behind
// may be so too.
std::uint32_t Driver::pieces_of(std::uint32_t left, std::uint32_t done, std::int64_t took) const {
  constexpr std::int64_t usual = 2 * wire::chunk_time;
  const auto in_time = static_cast<std::uint32_t>(done * usual / std::max(took, usual));
  const auto most = 2 * static_cast<std::uint32_t>(*core_->options.max_workers);
  return std::clamp((left - 1) / std::max(in_time / 2, 1U) + 1, 1U, std::min(left, most));
}

void Driver::end_chunk_early(FutureState& state, std::int64_t took) {
  Chunk& chunk = *state.chunk();
  assert(chunk.done > 0);  // the first piece would have the id of this one
  wire::ChunkItems items(state.payload.view());
  items.skip(chunk.done);
  const std::uint32_t left = items.left();
  const std::uint32_t pieces = pieces_of(left, chunk.done, took);
  EarlyEnd end{&state, {}};
  std::uint64_t id = state.id + chunk.done;
  for (std::uint32_t i = 0; i < pieces; ++i) {
    const std::uint32_t count = left / pieces + (i < left % pieces ? 1 : 0);
    auto* const piece = new FutureState(id, *core_, *state.options);
    piece->function = state.function;
    piece->extension().chunk = std::make_unique<Chunk>(count);
    piece->payload = Payload(static_cast<std::uint32_t>(items.payload_size(count)));
    items.take_payload(count, piece->payload.data());
    piece->submitted = state.submitted;
    detail::retain(piece);
    tasks_.enter_rest(*piece);
    scheduler_.continued(TaskId{state.id}, TaskId{id}, actions_);
    end.rest.push_back(piece);
    id += count;
  }
  chunk.count = chunk.done;
  state.claim();  // whoever cancels it from here on is told that it is too late
  early_ends_.push_back(std::move(end));
}

// Not while the seats are locked: cancel() locks them with a stripe held.
void Driver::settle_early_ends() {
  for (EarlyEnd& end : std::exchange(early_ends_, {})) {
    Chunk& chunk = *end.state->chunk();
    bool abandoned = false;
    {
      const std::lock_guard stripe(detail::StateLocks::of(end.state).mutex);
      abandoned = chunk.abandoned;
      if (!abandoned) chunk.rest = end.rest;
    }
    tasks_.settle_claimed(*end.state);
    if (!abandoned) continue;
    for (FutureState* piece : end.rest) {
      scheduler_.cancelled(TaskId{piece->id});
      tasks_.settle_cancelled(*piece);
      detail::release(piece);
    }
  }
}

}  // namespace procfarm
