// SPDX-License-Identifier: MIT
// worker_table.cpp - seats are made when first needed and used again, lowest first.
#include "worker_table.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

namespace procfarm::scheduling {

WorkerId WorkerTable::start() {
  if (vacant_.empty()) {
    vacant_.push_back(seats());
    seats_.emplace_back();
    ++counts_[static_cast<std::size_t>(WorkerState::vacant)];
    places_.add_seat();
    donors_.add_seat();
  }
  std::pop_heap(vacant_.begin(), vacant_.end(), std::greater<>{});
  const std::uint32_t seat = vacant_.back();
  vacant_.pop_back();
  set_state(seat, WorkerState::starting);
  return id(seat);
}

void WorkerTable::vacate(std::uint32_t seat) {
  places_.remove(seat);
  donors_.remove(seat);
  set_state(seat, WorkerState::vacant);
  Worker& worker = seats_[seat];
  Worker fresh;
  fresh.incarnation = worker.incarnation + 1;
  fresh.tasks = std::move(worker.tasks);  // for its memory
  fresh.tasks.clear();
  worker = std::move(fresh);
  vacant_.push_back(seat);
  std::push_heap(vacant_.begin(), vacant_.end(), std::greater<>{});
}

void WorkerTable::set_state(std::uint32_t seat, WorkerState state) {
  Worker& worker = seats_[seat];
  --counts_[static_cast<std::size_t>(worker.state)];
  worker.state = state;
  ++counts_[static_cast<std::size_t>(state)];
}

SeatLists::List WorkerTable::place_of(const Worker& worker, std::uint32_t low_water) const {
  const bool takes_tasks = worker.state == WorkerState::ready && worker.watch != Watch::grace;
  if (!takes_tasks || results_left(worker) == 0) return SeatLists::none;
  if (worker.tasks.empty()) return idle;
  return worker.tasks.size() <= low_water ? hungry : SeatLists::none;
}

SeatLists::List WorkerTable::donor_list_of(const Worker& worker) {
  const bool gives = worker.state == WorkerState::ready && worker.watch != Watch::grace &&
                     worker.asked == Asked::no && worker.unbegun() != 0;
  return gives ? static_cast<SeatLists::List>(std::bit_width(worker.unbegun())) : SeatLists::none;
}

void WorkerTable::place(std::uint32_t seat, std::uint32_t low_water) {
  const Worker& worker = seats_[seat];
  if (const SeatLists::List list = place_of(worker, low_water); list != places_.list_of(seat)) {
    if (list == idle)
      places_.put_front(idle, seat);
    else if (list == hungry)
      places_.put_back(hungry, seat);
    else
      places_.remove(seat);
  }
  if (const SeatLists::List list = donor_list_of(worker); list != donors_.list_of(seat)) {
    if (list == SeatLists::none)
      donors_.remove(seat);
    else
      donors_.put_back(list, seat);
  }
}

std::uint32_t WorkerTable::best_donor() const {
  for (SeatLists::List list = donor_lists; list-- > 0;) {
    if (donors_.empty(list)) continue;
    std::uint32_t best = donors_.front(list);
    // All in this list have at least half as many as the richest: a short look is enough.
    int looks = 16;
    for (std::uint32_t seat = best; seat != SeatLists::none && looks-- > 0;
         seat = donors_.next(seat))
      if (seats_[seat].unbegun() > seats_[best].unbegun()) best = seat;
    return best;
  }
  return SeatLists::none;
}

}  // namespace procfarm::scheduling
