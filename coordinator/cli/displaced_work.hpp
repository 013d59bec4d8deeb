// SPDX-License-Identifier: MIT
// displaced_work.hpp - instances of a resumed run that stand where other work was. Whether one has
// changed, or is new and the other work has only moved, is not known before that work is found or
// nothing more is looked for; until then what is to be said of it waits here. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "earlier_work.hpp"
#include "explainer.hpp"

namespace procfarm::cli {

/// One thread at a time.
class DisplacedWork {
 public:
  /// Keeps the explanation of an instance that was recalled as changed; its reason comes later.
  /// False if it is not kept: nothing was displaced, or too many wait already.
  bool hold(const Recalled& recalled, const Explanation& explanation);

  /// The explanation of the one whose place the work had that these moves give to another
  /// instance: it is new.
  std::vector<Explanation> found(const std::vector<RowMove>& moves);

  /// Nothing more is recalled: those that still wait have changed.
  std::vector<Explanation> rest();

 private:
  using Rows = std::tuple<std::uint32_t, std::uint32_t, std::uint64_t>;  // shelf, task, index

  static constexpr std::size_t most_held = 10'000;

  std::map<Rows, Explanation> held_;  // by where the rows of the displaced work are
};

}  // namespace procfarm::cli
