// SPDX-License-Identifier: MIT
// driver_results.cpp - what workers have written into their rings, from there into futures. A
// worker whose ring holds nonsense is given up.
#include <stdexcept>
#include <utility>

#include <fmt/core.h>

#include "driver.hpp"

namespace procfarm {
namespace {

AttemptEnd end_of(wire::ResultKind kind) {
  switch (kind) {
    case wire::ResultKind::value:
    case wire::ResultKind::values: return AttemptEnd::succeeded;
    case wire::ResultKind::threw: return AttemptEnd::threw;
    case wire::ResultKind::unserializable: break;
  }
  return AttemptEnd::unserializable;
}

bool is_failure(wire::ResultKind kind) {
  return kind == wire::ResultKind::threw || kind == wire::ResultKind::unserializable;
}

}  // namespace

void Driver::collect_results(WorkerId worker) {
  auto lock = core_->seats.lock();
  Occupant* occupant = core_->seats.at(worker);
  if (occupant == nullptr) return;
  heard_at_ = now();
  try {
    while (const wire::ResultRecord* record = occupant->results.next()) {
      const Boarded* const later =
          occupant->on_board.find(record->sequence + detail::prefetched_ahead);
      if (later != nullptr) detail::prefetch(later->state);
      collect(*occupant, *record);
    }
    occupant->results.release();
  } catch (const std::exception& error) {
    fmt::print(stderr, "procfarm: worker pid {} is given up: {}\n", occupant->pid, error.what());
    occupant->results.give_up();
    give_up(worker);
  }
  lock.unlock();
  settle_early_ends();
}

void Driver::collect(Occupant& occupant, const wire::ResultRecord& record) {
  Boarded* boarded = occupant.on_board.find(record.sequence);
  detail::FutureState* state = boarded == nullptr ? nullptr : boarded->state;
  const bool ours =
      state != nullptr && state->id == record.task && boarded->attempt == record.attempt;
  if (!ours) {
    ++core_->counters.late_results;
    return;
  }
  detail::Chunk* const chunk = state->chunk();
  const bool failed = is_failure(record.kind);
  if (chunk != nullptr && !failed) {
    take_values(occupant, *chunk, record);
    if (record.kind != wire::ResultKind::values) conclude(occupant, *boarded, record, {});
    return;
  }
  if (record.kind == wire::ResultKind::values) {
    throw std::runtime_error("it answers a task as if it were a chunk");
  }
  ++occupant.tasks_done;
  // First, because it may throw: then the task is still the worker's, and is lost with it.
  Payload bytes(static_cast<std::uint32_t>(record.size));
  occupant.results.read(record, bytes.data());
  conclude(occupant, *boarded, record, std::move(bytes));
}

std::string Driver::stderr_tail(WorkerId worker) {
  Streams& streams = streams_[worker.seat];
  if (!streams.err) return {};
  streams.err->drain();
  return streams.err->tail();
}

void Driver::conclude(Occupant& occupant, Boarded& boarded, const wire::ResultRecord& record,
                      Payload bytes) {
  detail::FutureState& state = *boarded.state;
  const detail::Chunk* const chunk = state.chunk();
  const bool cut = chunk != nullptr && !is_failure(record.kind) && chunk->done < chunk->count;
  const bool early = cut && chunk->done > 0;
  if (early) end_chunk_early(state, record.took);
  const Verdict verdict =
      scheduler_.finished(occupant.id, TaskId{state.id}, record.attempt, end_of(record.kind),
                          Duration(record.took), heard_at_);
  core_->seats.leave(occupant, boarded);
  state.note_attempt(occupant.pid, record.attempt,
                     {record.started, record.took, record.cpu, record.peak_memory});
  if (early) return;
  if (cut)
    return tasks_.settle_cancelled(state);  // before its first item, as only cancel_all() does
  switch (verdict) {
    case Verdict::deliver:
      if (!is_failure(record.kind)) return tasks_.settle_outcome(state, std::move(bytes));
      return tasks_.settle_failure(state, std::move(bytes), stderr_tail(occupant.id));
    case Verdict::timed_out:
      return tasks_.settle_error(state, error_for(state, SettleReason::timed_out));
    case Verdict::cancelled:
      return tasks_.settle_cancelled(state, is_failure(record.kind) ? Payload{} : std::move(bytes));
    case Verdict::stale: ++core_->counters.late_results; return;
    case Verdict::retry: return;
  }
}

}  // namespace procfarm
