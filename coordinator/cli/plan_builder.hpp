// SPDX-License-Identifier: MIT
// plan_builder.hpp - from the tasks as they were written to the tasks as the plan sees them:
// numbers instead of names, the command line's wishes worked in, what is not selected left out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "job.hpp"
#include "options.hpp"
#include "plan.hpp"
#include "run_selection.hpp"

namespace procfarm::cli {

/// The selectors of `--only`. A plain value, but for remembering which of them have matched.
class Selectors {
 public:
  /// Throws std::invalid_argument for one that is malformed. `failed` has a sense only for a run
  /// that is resumed; it leaves every task selected, as its instances are not known before.
  explicit Selectors(const std::vector<std::string>& texts, bool resumed = false);

  /// The selected instances of the task as ranges, sorted and without overlaps; nothing if none is
  /// selected, an empty list if all are. `count` is how many it has, where that is known.
  std::optional<std::vector<std::pair<std::uint64_t, std::uint64_t>>> select(
      const TaskSpec& task, std::optional<std::uint64_t> count);

  /// Those that no task has matched so far.
  std::vector<std::string> unmatched() const;

  /// True if each names instances by their numbers, which there may not be.
  bool are_all_numbers() const;

  /// True if `failed` is one of them.
  bool want_failed() const;

 private:
  struct Selector {
    std::string text{};
    RunSelection selection{};
    bool matched = false;
  };
  std::vector<Selector> selectors_;
};

/// Translates tasks one after the other, for streams. One thread at a time.
class PlanBuilder {
 public:
  /// Throws as Selectors does. With `stream` later tasks may need instances of earlier ones, and
  /// the job's pools are known only when the first task is added.
  PlanBuilder(const Job& job, const RunOptions& options, bool stream, bool resumed);

  /// The tasks' numbers are given in this order; a need must be added before, or in the same call.
  /// `counts` tells how many instances each has, where that is known.
  std::vector<PlanTask> add(const std::vector<const TaskSpec*>& tasks,
                            const std::vector<std::optional<std::uint64_t>>& counts);

  /// Selectors that no task has matched so far.
  std::vector<std::string> unmatched() const { return selectors_.unmatched(); }
  bool selects_numbers_only() const { return selectors_.are_all_numbers(); }
  bool selects_failed_only() const { return selectors_.want_failed(); }

 private:
  struct Known {
    std::optional<std::uint64_t> count{};
    bool selected = true;
  };

  /// Throws JobError if the task uses what one has left that is not selected: it will not be there.
  void check_references(const TaskSpec& task) const;
  PlanTask translate(const TaskSpec& task, std::optional<std::uint64_t> count) const;
  void add_need(const Need& need, PlanTask& planned) const;

  const Job& job_;
  std::optional<int> retries_;  // of the command line
  bool stream_;
  Selectors selectors_;
  std::map<std::string, std::size_t> pools_;
  std::map<std::string, std::uint32_t> numbers_;
  std::vector<Known> known_;
};

/// What is said of a selector that matches nothing.
std::string nothing_selected(const std::string& selector);

/// True if the task can only run while places are counted: it takes several, or wants to know
/// which.
bool counts_places(const TaskSpec& task);

/// Of each of the job's pools, how many at a time; in the order that PlanBuilder numbers them.
std::vector<int> pool_limits(const Job& job);

/// What may be handed out at once while no task counts places: some work ahead of what runs.
PlanLimits plan_limits(int jobs);

/// How many to have in flight, from how long one takes on average: enough for a tenth of a second
/// of all workers, and some ahead of what runs in any case.
std::uint64_t window_ahead(int jobs, Duration mean);

}  // namespace procfarm::cli
