// SPDX-License-Identifier: MIT
// earlier_work.cpp - two ways to find an entry: by place (binary search), by work (sorted hashes).
//
// Who has no rows in its place takes the last of those that did the same work, not the next one:
// of many instances that do the same, all but one then find their own.
#include "earlier_work.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <tuple>

namespace procfarm::cli {

void EarlierWork::add(const EarlierInstance& instance) {
  Entry entry{.key = instance.key,
              .shelf = instance.shelf,
              .attempts = instance.attempts,
              .losses = instance.losses,
              .outcome = instance.outcome,
              .settled = instance.settled,
              .interrupted = instance.interrupted};
  entry.has_hash = instance.hash.size() == entry.hash.size();
  if (entry.has_hash) std::memcpy(entry.hash.data(), instance.hash.data(), entry.hash.size());
  if (entry.shelf == 0) {
    ++placed_;
    tasks_ = std::max(tasks_, entry.key.task + 1);
  } else {
    shelf_ = std::max(shelf_, entry.shelf + 1);
  }
  if (entry.shelf == 0 && entry.done()) ++passed_;
  entries_.push_back(entry);
}

void EarlierWork::complete() {
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].has_hash) by_hash_.push_back(i);
  }
  std::sort(by_hash_.begin(), by_hash_.end(), [this](std::uint32_t left, std::uint32_t right) {
    const Entry& a = entries_[left];
    const Entry& b = entries_[right];
    return std::tuple(a.work(), a.done(), left) < std::tuple(b.work(), b.done(), right);
  });
  ends_.resize(by_hash_.size());
  for (std::size_t begin = 0; begin < by_hash_.size();) {
    std::size_t end = begin;
    while (end < by_hash_.size() &&
           entries_[by_hash_[end]].work() == entries_[by_hash_[begin]].work()) {
      ++end;
    }
    ends_[begin] = static_cast<std::uint32_t>(end);
    begin = end;
  }
}

EarlierWork::Entry* EarlierWork::in_place(InstanceKey place) {
  const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(placed_);
  const auto found = std::lower_bound(
      entries_.begin(), end, place, [](const Entry& entry, const InstanceKey& wanted) {
        return std::tie(entry.key.task, entry.key.index) < std::tie(wanted.task, wanted.index);
      });
  if (found == end || !(found->key == place) || found->shelf != 0 || found->taken) return nullptr;
  return &*found;
}

EarlierWork::Entry* EarlierWork::untaken(std::string_view hash) {
  const auto first = std::lower_bound(by_hash_.begin(), by_hash_.end(), hash,
                                      [this](std::uint32_t entry, std::string_view wanted) {
                                        return entries_[entry].work() < wanted;
                                      });
  if (first == by_hash_.end() || entries_[*first].work() != hash) return nullptr;
  const auto begin = static_cast<std::size_t>(first - by_hash_.begin());
  std::uint32_t& end = ends_[begin];
  while (end > begin && entries_[by_hash_[end - 1]].taken) --end;
  return end == begin ? nullptr : &entries_[by_hash_[end - 1]];
}

RowMove EarlierWork::shelve(Entry& entry) {
  entry.shelf = shelf_;
  return ShelvedRows{
      .shelf = shelf_, .task = entry.key.task, .first = entry.key.index, .last = entry.key.index};
}

Recalled EarlierWork::take(Entry& entry) {
  entry.taken = true;
  Recalled recalled{.attempts = entry.attempts, .losses = entry.losses, .settled = entry.settled};
  switch (entry.outcome) {
    case AttemptOutcome::passed: recalled.kind = Recollection::done; break;
    case AttemptOutcome::cancelled: recalled.kind = Recollection::cancelled; break;
    case AttemptOutcome::running: recalled.kind = Recollection::interrupted; break;
    default:
      recalled.kind = entry.interrupted ? Recollection::interrupted : Recollection::failed;
      break;
  }
  return recalled;
}

Recalled EarlierWork::recall(InstanceKey place, std::string_view hash) {
  Entry* own = in_place(place);
  if (own != nullptr && own->work() == hash) return take(*own);
  std::vector<RowMove> moves;
  if (own != nullptr) moves.push_back(shelve(*own));
  Entry* other = hash.empty() ? nullptr : untaken(hash);
  Recalled recalled{.kind = own == nullptr ? Recollection::unknown : Recollection::changed};
  if (other != nullptr) {
    if (other->shelf == 0) moves.push_back(shelve(*other));
    moves.push_back(RestoredRows{.shelf = other->shelf, .from = other->key, .to = place});
    recalled = take(*other);
  }
  recalled.moves = std::move(moves);
  return recalled;
}

std::optional<RowMove> EarlierWork::retire(std::uint32_t task, std::uint64_t first,
                                           std::uint64_t last) {
  const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(placed_);
  auto entry = std::lower_bound(entries_.begin(), end, InstanceKey{task, first},
                                [](const Entry& each, const InstanceKey& wanted) {
                                  return std::tie(each.key.task, each.key.index) <
                                         std::tie(wanted.task, wanted.index);
                                });
  bool some = false;
  for (; entry != end && entry->key.task == task && entry->key.index <= last; ++entry) {
    if (entry->shelf != 0 || entry->taken) continue;
    entry->shelf = shelf_;
    some = true;
  }
  if (!some) return std::nullopt;
  return ShelvedRows{.shelf = shelf_, .task = task, .first = first, .last = last};
}

}  // namespace procfarm::cli
