// SPDX-License-Identifier: MIT
// seat_lists.hpp - doubly linked lists of seats in which each seat stands in at most one list:
// moving one is O(1) and allocates nothing, so a thousand workers need no search.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace procfarm::scheduling {

/// One thread at a time.
class SeatLists {
 public:
  using List = std::uint32_t;
  static constexpr std::uint32_t none = ~std::uint32_t{0};  // no seat, no list

  explicit SeatLists(std::size_t lists) : ends_(lists) {}

  /// Makes room for one more seat, in no list.
  void add_seat() { links_.emplace_back(); }

  void put_front(List list, std::uint32_t seat);  // taken out of its list first
  void put_back(List list, std::uint32_t seat);
  void remove(std::uint32_t seat);  // no effect when it is in no list

  List list_of(std::uint32_t seat) const { return links_[seat].list; }
  std::uint32_t front(List list) const { return ends_[list].first; }  // none when empty
  std::uint32_t next(std::uint32_t seat) const { return links_[seat].next; }
  bool empty(List list) const { return ends_[list].first == none; }
  std::size_t count(List list) const { return ends_[list].count; }

 private:
  struct Link {
    std::uint32_t previous = none;
    std::uint32_t next = none;
    List list = none;
  };
  struct Ends {
    std::uint32_t first = none;
    std::uint32_t last = none;
    std::size_t count = 0;
  };

  std::vector<Link> links_;
  std::vector<Ends> ends_;
};

}  // namespace procfarm::scheduling
