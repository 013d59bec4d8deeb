// SPDX-License-Identifier: MIT
// seat_lists.cpp - the linking.
#include "seat_lists.hpp"

namespace procfarm::scheduling {

void SeatLists::remove(std::uint32_t seat) {
  Link& link = links_[seat];
  if (link.list == none) return;
  Ends& ends = ends_[link.list];
  (link.previous == none ? ends.first : links_[link.previous].next) = link.next;
  (link.next == none ? ends.last : links_[link.next].previous) = link.previous;
  --ends.count;
  link = Link{};
}

void SeatLists::put_front(List list, std::uint32_t seat) {
  remove(seat);
  Ends& ends = ends_[list];
  links_[seat] = {none, ends.first, list};
  (ends.first == none ? ends.last : links_[ends.first].previous) = seat;
  ends.first = seat;
  ++ends.count;
}

void SeatLists::put_back(List list, std::uint32_t seat) {
  remove(seat);
  Ends& ends = ends_[list];
  links_[seat] = {ends.last, none, list};
  (ends.last == none ? ends.first : links_[ends.last].next) = seat;
  ends.last = seat;
  ++ends.count;
}

}  // namespace procfarm::scheduling
