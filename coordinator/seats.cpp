// SPDX-License-Identifier: MIT
// seats.cpp - see seats.hpp.
#include "seats.hpp"

#include <utility>

namespace procfarm {

void OnBoard::push(Boarded task) {
  if (next_ - first_ == slots_.size()) {
    std::vector<Boarded> larger(2 * slots_.size());
    for (wire::Sequence each = first_; each != next_; ++each)
      larger[each & (larger.size() - 1)] = at(each);
    slots_ = std::move(larger);
  }
  at(next_++) = task;
}

void OnBoard::drop_empty() {
  while (first_ != next_ && at(first_).state == nullptr) ++first_;
}

Occupant* Seats::at(WorkerId worker) {
  if (worker.seat >= occupants_.size()) return nullptr;
  Occupant* occupant = occupants_[worker.seat].get();
  return occupant != nullptr && occupant->id == worker ? occupant : nullptr;
}

Occupant* Seats::occupant_of(const detail::FutureState& state) {
  const detail::Place place = state.place();
  return place ? at({place.seat_plus_one - 1, place.incarnation}) : nullptr;
}

Occupant& Seats::settle_in(std::unique_ptr<Occupant> occupant) {
  auto& seat = occupants_[occupant->id.seat];
  seat = std::move(occupant);
  return *seat;
}

std::unique_ptr<Occupant> Seats::remove(WorkerId worker) {
  if (at(worker) == nullptr) return nullptr;
  std::unique_ptr<Occupant> gone = std::move(occupants_[worker.seat]);
  OnBoard& tasks = gone->on_board;
  for (wire::Sequence each = tasks.first(); each != tasks.next(); ++each) {
    if (detail::FutureState* state = tasks.at(each).state) state->annex().place = {};
  }
  return gone;
}

void Seats::board(Occupant& occupant, detail::FutureState& state, std::uint32_t attempt) {
  const wire::Sequence sequence = occupant.on_board.next();
  occupant.on_board.push({&state, attempt});
  state.annex().place = {occupant.id.seat + 1, occupant.id.incarnation, sequence};
  wire::queue_slot(occupant.memory.page(), sequence);
}

bool Seats::take_back(detail::FutureState& state) {
  Occupant* occupant = occupant_of(state);
  if (occupant == nullptr) return true;
  const wire::Sequence sequence = state.place().sequence;
  if (!wire::take_slot(occupant->memory.page(), sequence)) return false;
  state.annex().place = {};
  if (Boarded* boarded = occupant->on_board.find(sequence)) boarded->state = nullptr;
  took_back_.store(true, std::memory_order_relaxed);
  return true;
}

bool Seats::is_crowded(Occupant& occupant) {
  constexpr std::uint64_t most = wire::slot_count - SchedulerOptions{}.max_queued;
  OnBoard& tasks = occupant.on_board;
  tasks.drop_empty();
  return tasks.next() - tasks.first() > most;
}

bool Seats::running(const detail::FutureState& state) const {
  Occupant* occupant = const_cast<Seats*>(this)->occupant_of(state);
  return occupant != nullptr && wire::has_begun(occupant->memory.page(), state.place().sequence);
}

void Seats::leave(Occupant& occupant, Boarded& task) {
  std::exchange(task.state, nullptr)->annex().place = {};
  occupant.on_board.drop_empty();
}

Boarded* Seats::begun(Occupant& occupant) const {
  OnBoard& tasks = occupant.on_board;
  for (wire::Sequence each = tasks.first(); each != tasks.next(); ++each) {
    if (tasks.at(each).state == nullptr) continue;
    return wire::has_begun(occupant.memory.page(), each) ? &tasks.at(each) : nullptr;
  }
  return nullptr;
}

}  // namespace procfarm
