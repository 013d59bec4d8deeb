// SPDX-License-Identifier: MIT
// plan_builder.cpp - the command line wins over the job file where both speak of the same thing.
#include "plan_builder.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "diagnostic.hpp"
#include "run_schema.hpp"

namespace procfarm::cli {
namespace {

using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

constexpr std::uint64_t most_ahead = 4096;
constexpr std::chrono::milliseconds time_ahead{100};

PlanWhen plan_when(When when) {
  switch (when) {
    case When::success: return PlanWhen::success;
    case When::failure: return PlanWhen::failure;
    case When::always: return PlanWhen::always;
  }
  return PlanWhen::success;
}

bool uses_worker_number(const TaskSpec& task) {
  bool uses = false;
  for_each_template(task, [&uses](const Template& text, const char*) {
    for (const Reference& reference : text.references()) uses |= reference.name == "worker";
  });
  return uses;
}

void normalize(Ranges& ranges) {
  std::sort(ranges.begin(), ranges.end());
  Ranges merged;
  for (const auto& range : ranges) {
    if (!merged.empty() && range.first <= merged.back().second) {
      merged.back().second = std::max(merged.back().second, range.second);
    } else {
      merged.push_back(range);
    }
  }
  ranges = std::move(merged);
}

}  // namespace

Selectors::Selectors(const std::vector<std::string>& texts, bool resumed) {
  for (const std::string& text : texts) {
    if (text.empty()) throw std::invalid_argument("--only: an empty text selects nothing");
    try {  // here it is a matter of the command line, not of a recorded run
      selectors_.push_back({.text = text, .selection = parse_run_selection(text)});
    } catch (const RunError& error) {
      throw std::invalid_argument(error.what());
    }
  }
  if (!want_failed()) return;
  if (!resumed) throw std::invalid_argument("--only failed: a new run has no failed tasks");
  if (selectors_.size() > 1) {
    throw std::invalid_argument("--only failed stands alone, without other selectors");
  }
}

std::optional<Ranges> Selectors::select(const TaskSpec& task, std::optional<std::uint64_t> count) {
  if (selectors_.empty()) return Ranges{};
  Ranges ranges;
  bool whole = false;
  for (Selector& selector : selectors_) {
    const RunSelection& wanted = selector.selection;
    const bool tagged = wanted.tag.empty() || std::find(task.tags.begin(), task.tags.end(),
                                                        wanted.tag) != task.tags.end();
    if (!tagged || (!wanted.task.empty() && wanted.task != task.name)) continue;
    if (wanted.first > 0 && count && wanted.first >= *count) continue;
    selector.matched = true;
    whole = whole || (wanted.first == 0 && wanted.last == RunSelection::no_end);
    ranges.emplace_back(wanted.first, wanted.last);
  }
  if (ranges.empty()) return std::nullopt;
  if (whole) return Ranges{};
  normalize(ranges);
  return ranges;
}

std::vector<std::string> Selectors::unmatched() const {
  std::vector<std::string> texts;
  for (const Selector& selector : selectors_) {
    if (!selector.matched) texts.push_back(selector.text);
  }
  return texts;
}

bool Selectors::are_all_numbers() const {
  return !selectors_.empty() &&
         std::all_of(selectors_.begin(), selectors_.end(), [](const Selector& selector) {
           return selector.selection.last != RunSelection::no_end;
         });
}

bool Selectors::want_failed() const {
  return std::any_of(selectors_.begin(), selectors_.end(),
                     [](const Selector& selector) { return selector.selection.failed; });
}

std::string nothing_selected(const std::string& selector) {
  return fmt::format("--only {}: there is no such task", selector);
}

PlanBuilder::PlanBuilder(const Job& job, const RunOptions& options, bool stream, bool resumed)
    : job_(job), retries_(options.retries), stream_(stream), selectors_(options.only, resumed) {}

std::vector<PlanTask> PlanBuilder::add(const std::vector<const TaskSpec*>& tasks,
                                       const std::vector<std::optional<std::uint64_t>>& counts) {
  for (const auto& [name, limit] : job_.pools) pools_.emplace(name, pools_.size());
  std::vector<PlanTask> planned;
  const std::size_t first = known_.size();
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    numbers_.emplace(tasks[i]->name, static_cast<std::uint32_t>(known_.size()));
    auto selected = selectors_.select(*tasks[i], counts[i]);
    known_.push_back({.count = counts[i], .selected = selected.has_value()});
    planned.push_back(selected ? translate(*tasks[i], counts[i]) : PlanTask{.count = 0});
    if (selected) planned.back().selected = std::move(*selected);
  }
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    planned[i].track = stream_ && tasks[i]->is_repeated();
    if (!known_[first + i].selected) continue;
    check_references(*tasks[i]);
    for (const Need& need : tasks[i]->needs) add_need(need, planned[i]);
  }
  for (const PlanTask& task : planned) {
    for (const PlanNeed& need : task.needs) {
      if (need.same && need.task >= first) planned[need.task - first].track = true;
    }
  }
  return planned;
}

void PlanBuilder::check_references(const TaskSpec& task) const {
  for_each_template(task, [this, &task](const Template& text, const char*) {
    for (const Reference& reference : text.references()) {
      const bool of_other = reference.accessor == Accessor::result ||
                            reference.accessor == Accessor::stdout_text ||
                            reference.accessor == Accessor::results;
      const auto other = numbers_.find(reference.name);
      if (!of_other || other == numbers_.end() || known_[other->second].selected) continue;
      throw JobError(reference.position,
                     fmt::format("task '{}' uses {}.{}, but --only leaves out '{}'", task.name,
                                 reference.name, to_string(reference.accessor), reference.name));
    }
  });
}

PlanTask PlanBuilder::translate(const TaskSpec& task, std::optional<std::uint64_t> count) const {
  PlanTask planned{.count = count,
                   .when = plan_when(task.when),
                   .function = task.action.kind == ActionKind::function,
                   .cpus = task.cpus.value_or(1),
                   .priority = task.priority};
  // As with data that are read, it is told that there is nothing when the first is asked for.
  if (count == std::uint64_t{0}) planned.count.reset();
  if (!task.pool.empty()) planned.pool = pools_.at(task.pool);
  if (task.retries) {
    planned.retries = task.retries->count;
    planned.delay = task.retries->delay;
    planned.backoff = task.retries->backoff;
    planned.max_delay = task.retries->max_delay;
  }
  if (retries_) planned.retries = *retries_;
  return planned;
}

void PlanBuilder::add_need(const Need& need, PlanTask& planned) const {
  const std::uint32_t number = numbers_.at(need.task);
  const Known& other = known_[number];
  if (!other.selected) return;
  // A single instance is needed by all alike.
  planned.needs.push_back(
      {.task = number, .same = need.match == Match::same && other.count != std::uint64_t{1}});
}

bool counts_places(const TaskSpec& task) {
  return task.cpus.value_or(1) > 1 || uses_worker_number(task);
}

std::vector<int> pool_limits(const Job& job) {
  std::vector<int> limits;
  for (const auto& [name, limit] : job.pools) limits.push_back(limit);
  return limits;
}

PlanLimits plan_limits(int jobs) {
  const auto places = static_cast<std::uint64_t>(jobs);
  return {.places = jobs, .command_window = places * 2, .function_window = places * 4};
}

std::uint64_t window_ahead(int jobs, Duration mean) {
  const std::uint64_t least = static_cast<std::uint64_t>(jobs) * 2;
  if (mean <= Duration::zero()) return std::max(least, most_ahead);
  const auto each = static_cast<std::uint64_t>(Duration(time_ahead) / mean);
  const std::uint64_t window = std::min(each, most_ahead) * static_cast<std::uint64_t>(jobs);
  return std::max(least, std::min(window, most_ahead));
}

}  // namespace procfarm::cli
