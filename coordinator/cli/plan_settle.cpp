// SPDX-License-Identifier: MIT
// plan_settle.cpp - the ends: an instance is settled, with it perhaps its task, and whoever waited
// for either becomes ready. A settled task gives its memory back unless others look at its
// instances.
#include <algorithm>
#include <cassert>
#include <chrono>
#include <cmath>

#include "plan.hpp"
#include "plan_state.hpp"

namespace procfarm::cli {
namespace {

using PlanClock = PlanTime::clock;

Duration delay_before(const PlanTask& task, int attempt) {
  const double factor = std::pow(task.backoff, attempt - 1);
  const double wanted = static_cast<double>(task.delay.count()) * factor;
  const auto most = static_cast<double>(task.max_delay.count());
  return Duration(static_cast<Duration::rep>(std::min(wanted, most)));
}

}  // namespace

int Plan::release(InstanceKey instance) {
  const auto entry = attempts_.find(instance);
  assert(entry != attempts_.end());
  const int attempt = entry->second;
  attempts_.erase(entry);
  const PlanTask& task = state(instance.task)->task;
  if (task.pool) --pool_used_[*task.pool];
  places_used_ -= std::min(task.cpus, limits_.places);
  return attempt;
}

Verdict Plan::finished(InstanceKey instance, bool passed, bool retryable, PlanTime now) {
  const int attempt = release(instance);
  const TaskState& task = *state(instance.task);
  if (!passed && retryable && attempt <= task.task.retries && !stopped_) {
    ++counts_.retried;
    const PlanTime due =
        now + std::chrono::ceil<PlanClock::duration>(delay_before(task.task, attempt));
    delayed_.emplace(due, Due{task.rank(), instance, attempt + 1});
    return {.settled = false, .retry_at = due};
  }
  settle(instance, passed ? End::passed : End::failed);
  return {};
}

void Plan::up_to_date(InstanceKey instance) {
  release(instance);
  settle(instance, End::up_to_date);
}

void Plan::kept(InstanceKey instance) {
  release(instance);
  settle(instance, End::kept);
}

void Plan::withdraw(InstanceKey instance) {
  assert(stopped_);
  release(instance);
}

/// Takes back the last skip if it was of this task, from index `from` on.
bool Plan::undo_skip(std::uint32_t number, std::uint64_t from) {
  if (!last_skip_ || last_skip_->task != number || last_skip_->index < from) return false;
  TaskState& task = *state(number);
  --counts_.skipped;
  --task.ended_count;
  --task.bad_count;
  task.ended.clear(last_skip_->index);
  task.bad.clear(last_skip_->index);
  last_skip_.reset();
  return true;
}

void Plan::postpone(InstanceKey instance) {
  if (!undo_skip(instance.task, instance.index)) release(instance);
  TaskState& task = *state(instance.task);
  task.waits_for_rows = true;
  if (task.paired) {
    task.taken.clear(instance.index);
    task.scan_from = std::min(task.scan_from, instance.index);
  } else {
    task.next_index = instance.index;
  }
  ready_.erase({task.rank(), instance.task});
}

void Plan::rows_arrived(std::uint32_t number) {
  if (state(number) == nullptr) return;
  state(number)->waits_for_rows = false;
  make_ready(number);
}

void Plan::exhausted(std::uint32_t number, std::uint64_t count) {
  if (state(number) == nullptr) return;
  TaskState& task = *state(number);
  undo_skip(number, count);
  for (auto entry = attempts_.begin(); entry != attempts_.end();) {
    const InstanceKey instance = entry->first;
    ++entry;  // release() removes it
    if (instance.task == number && instance.index >= count) release(instance);
  }
  set_count(task, count);
  settle_task_if_done(number);
}

void Plan::expect(std::uint32_t number, std::uint64_t count) {
  if (state(number) != nullptr) state(number)->expected = count;
}

void Plan::set_count(TaskState& task, std::uint64_t count) {
  if (task.task.count) {
    known_total_ -= task.wanted(*task.task.count);
  } else {
    --unknown_totals_;
  }
  task.task.count = count;
  known_total_ += task.wanted(count);
}

void Plan::settle(InstanceKey instance, End end) {
  TaskState& task = *state(instance.task);
  const bool bad = end == End::failed || end == End::skipped;
  ++task.ended_count;
  if (bad) ++task.bad_count;
  if (end == End::passed) ++counts_.passed;
  if (end == End::failed) ++counts_.failed;
  if (end == End::skipped || end == End::up_to_date) ++counts_.skipped;
  if (end == End::kept) ++counts_.kept;
  if (task.task.track) {
    task.ended.set(instance.index);
    if (bad) task.bad.set(instance.index);
    notify(instance.task, false, instance.index);
  }
  settle_task_if_done(instance.task);
}

Step Plan::skip_whole(std::uint32_t number) {
  TaskState& task = *state(number);
  if (!task.task.count) set_count(task, task.expected.value_or(task.selected_from(0) ? 1 : 0));
  const std::uint64_t instances = task.wanted(*task.task.count);
  counts_.skipped += instances;
  task.ended_count = instances;
  task.bad_count = std::max<std::uint64_t>(instances, 1);
  task.skipped_whole = true;
  task_settled(number);
  return Step{
      .kind = Step::Kind::skip_task, .instance = {number, 0}, .attempt = 0, .instances = instances};
}

void Plan::settle_task_if_done(std::uint32_t number) {
  const TaskState* task = state(number);
  if (task == nullptr || outcomes_[number] != outcome_open || task->needs_open > 0) return;
  if (task->task.count && task->ended_count >= task->wanted(*task->task.count)) {
    task_settled(number);
  }
}

void Plan::task_settled(std::uint32_t number) {
  TaskState& task = *state(number);
  outcomes_[number] = task.bad_count == 0 ? outcome_good : outcome_bad;
  --open_tasks_;
  ready_.erase({task.rank(), number});
  notify(number, true, 0);
  task.taken = {};
  if (!task.task.track) tasks_[number].reset();
}

/// Tells those that wait: for the whole task, or for one of its instances.
void Plan::notify(std::uint32_t number, bool whole, std::uint64_t index) {
  // Copied: a dependent that turns out to have nothing to do settles at once.
  const std::vector<std::uint32_t> dependents = state(number)->dependents;
  for (const std::uint32_t dependent : dependents) {
    TaskState* waiting = state(dependent);
    if (waiting == nullptr) continue;
    for (const PlanNeed& need : waiting->task.needs) {
      if (need.task != number) continue;
      if (need.same) waiting->scan_from = std::min(waiting->scan_from, index);
      if (whole && !need.same) {
        --waiting->needs_open;
        waiting->need_failed = waiting->need_failed || outcomes_[number] == outcome_bad;
      }
    }
    make_ready(dependent);
  }
}

void Plan::make_ready(std::uint32_t number) {
  const TaskState& task = *state(number);
  if (outcomes_[number] != outcome_open || task.needs_open > 0 || task.waits_for_rows) return;
  ready_.insert({task.rank(), number});
}

bool Plan::done() const { return attempts_.empty() && (stopped_ || (closed_ && open_tasks_ == 0)); }

std::optional<std::uint64_t> Plan::total(
    const std::map<std::uint32_t, std::uint64_t>& estimates) const {
  std::uint64_t total = known_total_;
  std::uint64_t unknown = unknown_totals_;
  for (const auto& [number, count] : estimates) {
    const TaskState* task = state(number);
    if (task == nullptr || task->task.count) continue;
    total += task->wanted(count);
    --unknown;
  }
  if (unknown > 0 || !closed_) return std::nullopt;
  return total;
}

bool Plan::settled(std::uint32_t task) const { return outcomes_[task] != outcome_open; }
bool Plan::succeeded(std::uint32_t task) const { return outcomes_[task] == outcome_good; }

}  // namespace procfarm::cli
