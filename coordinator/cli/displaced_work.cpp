// SPDX-License-Identifier: MIT
// displaced_work.cpp - the work that was displaced lies on a shelf under its old place; who takes
// it from there names both.
#include "displaced_work.hpp"

#include <utility>
#include <variant>

namespace procfarm::cli {

bool DisplacedWork::hold(const Recalled& recalled, const Explanation& explanation) {
  if (recalled.kind != Recollection::changed || recalled.moves.empty()) return false;
  const auto* rows = std::get_if<ShelvedRows>(&recalled.moves.front());
  if (rows == nullptr || held_.size() >= most_held) return false;
  held_.emplace(Rows{rows->shelf, rows->task, rows->first}, explanation);
  return true;
}

std::vector<Explanation> DisplacedWork::found(const std::vector<RowMove>& moves) {
  std::vector<Explanation> fresh;
  for (const RowMove& move : moves) {
    const auto* rows = std::get_if<RestoredRows>(&move);
    if (rows == nullptr) continue;
    auto held = held_.extract(Rows{rows->shelf, rows->from.task, rows->from.index});
    if (held.empty()) continue;
    held.mapped().reason = reason_text(Recollection::unknown, {});
    fresh.push_back(std::move(held.mapped()));
  }
  return fresh;
}

std::vector<Explanation> DisplacedWork::rest() {
  std::vector<Explanation> changed;
  for (auto& [rows, explanation] : std::exchange(held_, {})) {
    changed.push_back(std::move(explanation));
    changed.back().reason = reason_text(Recollection::changed, {});
  }
  return changed;
}

}  // namespace procfarm::cli
