// SPDX-License-Identifier: MIT
// explainer.cpp - `pack[3] runs: changed, what it does is different`.
#include "explainer.hpp"

#include <fmt/format.h>

#include "diagnostic.hpp"
#include "units.hpp"

namespace procfarm::cli {
namespace {

const char* verb(Decision decision, bool one) {
  switch (decision) {
    case Decision::runs: return one ? "runs" : "run";
    case Decision::stays: return one ? "stays" : "stay";
    case Decision::skipped: return one ? "is skipped" : "are skipped";
    case Decision::unsure: return one ? "runs or stays" : "run or stay";
  }
  return "";
}

}  // namespace

std::string decision_word(Decision decision) {
  switch (decision) {
    case Decision::runs: return "runs";
    case Decision::stays: return "stays";
    case Decision::skipped: return "skipped";
    case Decision::unsure: return "unsure";
  }
  return {};
}

std::string reason_text(Recollection kind, const std::string& run) {
  switch (kind) {
    case Recollection::unknown: return "new, not run before";
    case Recollection::changed: return "changed, what it does is different";
    case Recollection::done: return "done before in run " + run;
    case Recollection::failed: return "failed before";
    case Recollection::interrupted: return "interrupted, it ran when the tool died";
    case Recollection::cancelled: return "ended before it was done";
  }
  return {};
}

std::optional<std::string> Explainer::tell(const Explanation& explanation) {
  std::uint64_t& count = counts_[{explanation.task, explanation.decision, explanation.reason}];
  if (++count > named_of_each) return std::nullopt;
  return fmt::format("{} {}: {}", escape_control(explanation.name),
                     verb(explanation.decision, true), explanation.reason);
}

std::vector<std::string> Explainer::summary() const {
  std::vector<std::string> lines;
  for (const auto& [key, count] : counts_) {
    if (count <= named_of_each) continue;
    const auto& [task, decision, reason] = key;
    lines.push_back(fmt::format("of {}, {} {}: {}", escape_control(task), format_count(count),
                                verb(decision, false), reason));
  }
  return lines;
}

}  // namespace procfarm::cli
