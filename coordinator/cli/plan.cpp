// SPDX-License-Identifier: MIT
// plan.cpp - what may start: due retries first, then the ready tasks by priority and order in the
// job. What the end of an instance means for the others stands in plan_settle.cpp.
//
// A task is in ready_ while next() could find something of it: its needs are settled (those with
// `same`: for some instance) and it has instances left. A full pool does not take it out of there.
#include "plan.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>
#include <tuple>

#include "plan_state.hpp"

namespace procfarm::cli {
namespace {

constexpr std::uint64_t all_bits = std::numeric_limits<std::uint64_t>::max();

}  // namespace

bool Plan::Due::operator<(const Due& other) const {
  return std::tie(rank, instance.task, instance.index) <
         std::tie(other.rank, other.instance.task, other.instance.index);
}

Plan::Plan(PlanLimits limits) : limits_(std::move(limits)), pool_used_(limits_.pools.size()) {}
Plan::~Plan() = default;

void Plan::set_pools(std::vector<int> limits) {
  pool_used_.resize(limits.size());
  limits_.pools = std::move(limits);
}

void Plan::add(std::vector<PlanTask> tasks) {
  assert(!closed_);
  const auto first = static_cast<std::uint32_t>(tasks_.size());
  for (PlanTask& task : tasks) {
    auto state = std::make_unique<TaskState>();
    if (!task.selected.empty()) {  // so many at most
      std::uint64_t last = 0;
      for (const auto& range : task.selected) last = std::max(last, range.second);
      if (last != all_bits) task.count = std::min(task.count.value_or(all_bits), last + 1);
    }
    state->task = std::move(task);
    if (state->task.count) {
      known_total_ += state->wanted(*state->task.count);
    } else {
      ++unknown_totals_;
    }
    tasks_.push_back(std::move(state));
    outcomes_.push_back(outcome_open);
    ++open_tasks_;
  }
  for (std::uint32_t number = first; number < tasks_.size(); ++number) link(number);
  for (std::uint32_t number = first; number < tasks_.size(); ++number) make_ready(number);
}

void Plan::link(std::uint32_t number) {
  TaskState& task = *state(number);
  for (const PlanNeed& need : task.task.needs) {
    task.paired = task.paired || need.same;
    if (outcomes_[need.task] == outcome_open) {
      std::vector<std::uint32_t>& dependents = state(need.task)->dependents;
      if (dependents.empty() || dependents.back() != number) dependents.push_back(number);
      if (!need.same) ++task.needs_open;
    } else if (!need.same && outcomes_[need.task] == outcome_bad) {
      task.need_failed = true;
    }
  }
}

void Plan::close() { closed_ = true; }

void Plan::stop() {
  stopped_ = true;
  delayed_.clear();
  due_.clear();
}

std::optional<Step> Plan::next(PlanTime now) {
  last_skip_.reset();
  if (stopped_) return std::nullopt;
  move_due(now);
  if (!due_.empty() && (ready_.empty() || due_.begin()->rank <= ready_.begin()->first)) {
    if (auto step = take_due()) return step;
  }
  return take_ready();
}

void Plan::move_due(PlanTime now) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    due_.insert(delayed_.begin()->second);
    delayed_.erase(delayed_.begin());
  }
}

std::optional<Step> Plan::take_due() {
  for (auto due = due_.begin(); due != due_.end(); ++due) {
    const TaskState& task = *state(due->instance.task);
    if (!fits_window(task)) return std::nullopt;
    if (!fits_pool(task)) continue;
    const Due taken = *due;
    due_.erase(due);
    return start(taken.instance, taken.attempt);
  }
  return std::nullopt;
}

std::optional<Step> Plan::take_ready() {
  for (auto entry = ready_.begin(); entry != ready_.end();) {
    const auto key = *entry;
    const TaskState& task = *state(key.second);
    const std::uint64_t open_before = open_tasks_;
    if (is_skipped_whole(task)) return skip_whole(key.second);
    if (const auto index = candidate(key.second)) {
      // What does not fit is waited for: going on with smaller tasks would starve it.
      if (!fits_window(task)) return std::nullopt;
      if (fits_pool(task)) return take(key.second, *index);
    }
    // A task that turned out to be done may have made an earlier one ready.
    entry = open_tasks_ == open_before ? ready_.upper_bound(key) : ready_.begin();
  }
  return std::nullopt;
}

bool Plan::fits_window(const TaskState& task) const {
  if (limits_.strict) {
    return places_used_ + std::min(task.task.cpus, limits_.places) <= limits_.places;
  }
  const std::uint64_t window =
      task.task.function ? limits_.function_window : limits_.command_window;
  return attempts_.size() < window;
}

bool Plan::fits_pool(const TaskState& task) const {
  return !task.task.pool || pool_used_[*task.task.pool] < limits_.pools[*task.task.pool];
}

bool Plan::is_skipped_whole(const TaskState& task) const {
  switch (task.task.when) {
    case PlanWhen::success: return task.need_failed;
    case PlanWhen::failure: return !task.need_failed && !task.paired;
    case PlanWhen::always: return false;
  }
  return false;
}

bool Plan::is_skipped(const TaskState& task, std::uint64_t index) const {
  if (task.task.when == PlanWhen::always) return false;
  const bool failed =
      task.need_failed ||
      std::any_of(task.task.needs.begin(), task.task.needs.end(),
                  [&](const PlanNeed& need) { return need.same && ended_badly(need.task, index); });
  return failed == (task.task.when == PlanWhen::success);
}

/// What could start of a ready task; one that has nothing is ready no longer, or even done.
std::optional<std::uint64_t> Plan::candidate(std::uint32_t number) {
  TaskState& task = *state(number);
  const auto index = task.paired ? next_paired(task) : task.selected_from(task.next_index);
  if (!index) {
    ready_.erase({task.rank(), number});
    settle_task_if_done(number);
  }
  return index;
}

Step Plan::take(std::uint32_t number, std::uint64_t index) {
  TaskState& task = *state(number);
  const InstanceKey instance{number, index};
  if (!task.paired) {
    task.next_index = index + 1;
    return start(instance, 1);
  }
  task.taken.set(index);
  task.scan_from = index + 1;
  if (!is_skipped(task, index)) return start(instance, 1);
  last_skip_ = instance;
  settle(instance, End::skipped);
  return Step{.kind = Step::Kind::skip, .instance = instance, .attempt = 0};
}

std::optional<std::uint64_t> Plan::next_paired(TaskState& task) const {
  const std::uint64_t limit = paired_limit(task);
  constexpr std::uint64_t bits = InstanceBits::word_bits;
  for (std::uint64_t word = task.scan_from / bits; word * bits < limit; ++word) {
    std::uint64_t ready = ~task.taken.word(word);
    for (const PlanNeed& need : task.task.needs) {
      if (need.same) ready &= ended_word(need.task, word);
    }
    for (; ready != 0; ready &= ready - 1) {
      const std::uint64_t index = word * bits + static_cast<std::uint64_t>(std::countr_zero(ready));
      if (index >= limit) break;
      if (task.is_selected(index)) return index;
      task.taken.set(index);
    }
  }
  task.scan_from = limit;
  return std::nullopt;
}

/// Beyond it nothing can start now: the end of the task, or of what a need has reached.
std::uint64_t Plan::paired_limit(const TaskState& task) const {
  std::uint64_t limit = task.task.count.value_or(all_bits - InstanceBits::word_bits);
  for (const PlanNeed& need : task.task.needs) {
    if (!need.same || outcomes_[need.task] != outcome_open) continue;
    limit = std::min(limit, state(need.task)->ended.limit());
  }
  return limit;
}

std::uint64_t Plan::ended_word(std::uint32_t need, std::uint64_t word) const {
  return outcomes_[need] == outcome_open ? state(need)->ended.word(word) : all_bits;
}

bool Plan::ended_badly(std::uint32_t need, std::uint64_t index) const {
  const TaskState* task = state(need);
  if (task == nullptr) return outcomes_[need] == outcome_bad;
  if (task->skipped_whole) return true;
  if (!task->is_selected(index)) return false;
  // An instance that the other task does not have has not succeeded.
  return task->bad.test(index) || !task->ended.test(index);
}

Step Plan::start(InstanceKey instance, int attempt) {
  const PlanTask& task = state(instance.task)->task;
  [[maybe_unused]] const bool added = attempts_.emplace(instance, attempt).second;
  assert(added);
  if (task.pool) ++pool_used_[*task.pool];
  places_used_ += std::min(task.cpus, limits_.places);
  return Step{.kind = Step::Kind::start, .instance = instance, .attempt = attempt};
}

std::optional<PlanTime> Plan::next_deadline() const {
  if (delayed_.empty()) return std::nullopt;
  return delayed_.begin()->first;
}

}  // namespace procfarm::cli
