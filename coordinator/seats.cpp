// SPDX-License-Identifier: MIT
// seats.cpp - see seats.hpp.
#include "seats.hpp"

#include <utility>

namespace procfarm {

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
  for (Boarded& boarded : gone->on_board) {
    if (boarded.state != nullptr) boarded.state->annex().place = {};
  }
  return gone;
}

void Seats::board(Occupant& occupant, detail::FutureState& state, std::uint32_t attempt) {
  const wire::Sequence sequence = occupant.next();
  occupant.on_board.push_back({&state, attempt});
  state.annex().place = {occupant.id.seat + 1, occupant.id.incarnation, sequence};
  wire::queue_slot(occupant.memory.page(), sequence);
}

bool Seats::take_back(detail::FutureState& state) {
  Occupant* occupant = occupant_of(state);
  if (occupant == nullptr) return true;
  const wire::Sequence sequence = state.place().sequence;
  if (!wire::take_slot(occupant->memory.page(), sequence)) return false;
  state.annex().place = {};
  if (Boarded* boarded = occupant->find(sequence)) boarded->state = nullptr;
  return true;
}

bool Seats::running(const detail::FutureState& state) const {
  Occupant* occupant = const_cast<Seats*>(this)->occupant_of(state);
  return occupant != nullptr && wire::has_begun(occupant->memory.page(), state.place().sequence);
}

void Seats::leave(Occupant& occupant, wire::Sequence sequence) {
  if (Boarded* boarded = occupant.find(sequence)) {
    if (boarded->state != nullptr) boarded->state->annex().place = {};
    boarded->state = nullptr;
  }
  while (!occupant.on_board.empty() && occupant.on_board.front().state == nullptr) {
    occupant.on_board.pop_front();
    ++occupant.first;
  }
}

Boarded* Seats::begun(Occupant& occupant) const {
  for (std::size_t i = 0; i < occupant.on_board.size(); ++i) {
    Boarded& boarded = occupant.on_board[i];
    if (boarded.state == nullptr) continue;
    return wire::has_begun(occupant.memory.page(), occupant.first + i) ? &boarded : nullptr;
  }
  return nullptr;
}

}  // namespace procfarm
