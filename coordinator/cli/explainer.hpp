// SPDX-License-Identifier: MIT
// explainer.hpp - `--explain`: why each instance of a resumed run runs, stays done or is skipped,
// in words. Of many with the same reason the first are named, the others counted. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "earlier_work.hpp"

namespace procfarm::cli {

enum class Decision { runs, stays, skipped, unsure };

/// Of one instance, or of a whole task.
struct Explanation {
  std::string task{};
  std::string name{};
  std::uint64_t index = 0;
  Decision decision = Decision::runs;
  std::string reason{};
};

/// The word for programs: `runs`, `stays`, `skipped`, `unsure`.
std::string decision_word(Decision decision);

/// What `kind` means for an instance of this run.
std::string reason_text(Recollection kind, const std::string& run);

/// One thread at a time.
class Explainer {
 public:
  /// The line for this one, while few of its task had the same reason.
  std::optional<std::string> tell(const Explanation& explanation);

  /// A line for each task and reason that tell() has not named every instance of.
  std::vector<std::string> summary() const;

 private:
  static constexpr std::uint64_t named_of_each = 10;

  std::map<std::tuple<std::string, Decision, std::string>, std::uint64_t> counts_;
};

}  // namespace procfarm::cli
