// SPDX-License-Identifier: MIT
// world_driver.cpp - the driver as it is: commands, messages, reports, time, dispatch, and sleep
// until something comes or the scheduler wants to be called. Beyond it: reports that come again,
// late or from nowhere go straight to the scheduler, which has to fence them itself.
#include <algorithm>
#include <chrono>
#include <utility>

#include "simulation/world.hpp"

namespace procfarm::simulation {

using namespace std::chrono_literals;

void World::post(Step command) {
  inbox_.push_back(std::move(command));
  wake_at(events_.now() + random_.up_to(2us));
}

void World::wake_at(Time when) {
  if (when >= round_at_) return;
  round_at_ = when;
  events_.at(when, [this, when] {
    if (round_at_ == when) round();
  });
}

void World::round() {
  round_at_ = Time::max();
  gone_now_.clear();
  for (const Step& command : std::exchange(inbox_, {})) command();
  while (!messages_.empty()) {
    const Step message = std::move(messages_.front());
    messages_.pop_front();
    message();
  }
  while (!reports_.empty()) {
    const Step report = std::move(reports_.front());
    reports_.pop_front();
    report();
  }
  if (fault(scenario_.nonsense)) report_nonsense();
  scheduler_.tick(events_.now(), actions_);
  looked_at();
  if (closing_ && scheduler_.idle()) end_starting_workers();
  carry_out();
  if (!at_end()) sleep_until_needed();
}

void World::carry_out() {
  for (int turns = 0;; ++turns) {
    expect(turns < 1000, "dispatch() does not come to rest");
    scheduler_.dispatch(events_.now(), actions_);
    looked_at();
    if (scheduler_.broken() && !broken_) mark_broken();
    if (actions_.empty()) return;
    const Actions due = std::exchange(actions_, {});
    for (const Action& each : due) {
      std::visit([this](const auto& what) { perform(what); }, each);
      looked_at();
    }
  }
}

void World::mark_broken() {
  say("the pool is broken");
  broken_ = refusing_ = true;
  for (const LifePtr& life : seats_)
    if (life != nullptr) kill(life);
}

bool World::at_end() const {
  if (!closing_ || !scheduler_.idle()) return false;
  return std::all_of(seats_.begin(), seats_.end(), [](const auto& life) { return !life; });
}

// The driver sleeps in whole milliseconds.
void World::sleep_until_needed() {
  if (const auto next = scheduler_.next_wakeup()) {
    const Duration left = std::max(Duration{}, *next - events_.now());
    wake_at(events_.now() + std::chrono::ceil<std::chrono::milliseconds>(left));
  }
}

// -- results --------------------------------------------------------------------------------------

void World::collect_results(const LifePtr& life) {
  if (life->gone) return;
  if (life->ring.size() > 1 && fault(scenario_.swaps)) {
    say(text(life->id), ": results change places");
    std::swap(life->ring[0], life->ring[1]);
  }
  while (!life->ring.empty()) {
    const Record record = life->ring.front();
    life->ring.pop_front();
    collect(life, record);
  }
}

void World::collect(const LifePtr& life, const Record& record) {
  life->boarded[record.number].slot = Slot::reported;
  const Reported report{life->id, record.task, record.attempt};
  Task& task = history_.at(record.task);
  const Verdict due = history_.due(task, record.end, draining_);
  const Verdict verdict = scheduler_.finished(life->id, record.task, record.attempt, record.end,
                                              record.took, events_.now());
  say(text(life->id), " has finished ", text(record.task), "/", std::to_string(record.attempt),
      ", verdict ", std::to_string(static_cast<int>(verdict)));
  looked_at();
  if (scheduler_.broken()) {
    expect(verdict == Verdict::stale, record.task, "has a result that a broken pool accepts");
  } else {
    expect(verdict != Verdict::stale, record.task, "has a good result that is dropped");
    expect(verdict == due, record.task, "has a result with the wrong verdict");
    apply(verdict, record.task, record);
  }
  if (fault(scenario_.duplicates)) report_stale(report);
  past_.push_back(report);
}

void World::apply(Verdict verdict, TaskId task, const Record& record) {
  if (verdict == Verdict::retry) return history_.retried(task);
  const bool succeeded = verdict == Verdict::deliver && record.end == AttemptEnd::succeeded;
  if (succeeded)
    expect(record.value == value_of(task, history_.at(task).attempt), task, "has a wrong value");
  settle(task, succeeded);
}

bool World::is_awaited(const Reported& report) const {
  const LifePtr& life = seats_[report.worker.seat % seats_.size()];
  if (life == nullptr || !(life->id == report.worker)) return false;
  return std::any_of(life->boarded.begin(), life->boarded.end(), [&report](const Boarded& each) {
    const bool open = each.slot == Slot::queued || each.slot == Slot::begun;
    return open && each.task == report.task && each.attempt == report.attempt;
  });
}

void World::report_stale(const Reported& report) {
  if (is_awaited(report)) return;
  const AttemptEnd end = random_.one_of({AttemptEnd::succeeded, AttemptEnd::threw});
  const Verdict verdict =
      scheduler_.finished(report.worker, report.task, report.attempt, end, 1us, events_.now());
  ++figures_.stale;
  looked_at();
  if (verdict != Verdict::stale)
    broken("a report of " + text(report.task) + "/" + std::to_string(report.attempt) + " by " +
           text(report.worker) + ", which was over or never was, is accepted");
}

// About something that was, or is just not so.
void World::report_nonsense() {
  if (!past_.empty() && random_.happens(500)) {
    const Reported& old = past_[random_.below(past_.size())];
    report_stale(old);
    scheduler_.worker_ready({old.worker.seat, old.worker.incarnation + 1000}, events_.now());
    return looked_at();
  }
  const LifePtr& life = seats_[random_.below(seats_.size())];
  if (life == nullptr || life->boarded.empty()) return;
  const Boarded& some = life->boarded[random_.below(life->boarded.size())];
  const WorkerId other_life{life->id.seat, life->id.incarnation + 1};
  const WorkerId other_seat{life->id.seat + 1, life->id.incarnation};
  switch (random_.below(4)) {
    case 0: return report_stale({life->id, some.task, some.attempt + 1});
    case 1: return report_stale({other_life, some.task, some.attempt});
    case 2: return report_stale({life->id, TaskId{last_ + 5}, 1});
    default:
      if (some.slot == Slot::queued || some.slot == Slot::begun)
        report_stale({other_seat, some.task, some.attempt});
  }
}

// -- ends of workers ------------------------------------------------------------------------------

void World::worker_gone(const LifePtr& life) {
  if (life->gone) return;
  // What was held back on its way arrives after the end, too late.
  std::optional<Record> late;
  if (!life->ring.empty() && !life->running && fault(scenario_.dies_finished)) {
    late = life->ring.back();
    life->ring.pop_back();
  }
  collect_results(life);
  const std::optional<TaskId> running = life->begun_task();
  forget_worker(life, running);
  if (late) report_stale({life->id, late->task, late->attempt});
  carry_out();
}

void World::forget_worker(const LifePtr& life, std::optional<TaskId> running) {
  life->gone = true;
  gone_now_.push_back(life->id);
  seats_[life->id.seat] = nullptr;
  scheduler_.worker_lost(life->id, running, events_.now(), actions_);
  say(text(life->id), " is gone", running ? ", it ran " + text(*running) : std::string{});
  looked_at();
  if (running) note_lost(*running);
  for (const Boarded& each : life->boarded) {
    if (each.slot == Slot::taken) continue;
    past_.push_back({life->id, each.task, each.attempt});
    const std::uint32_t attempt = scheduler_.attempt(each.task);
    const Task& task = history_.at(each.task);
    expect(each.slot != Slot::queued || attempt == 0 || attempt == task.attempt, each.task,
           "pays with an attempt though it had not begun");
  }
  if (!fault(scenario_.duplicates)) return;
  scheduler_.worker_lost(life->id, running, events_.now(), actions_);
  scheduler_.worker_ready(life->id, events_.now());
  looked_at();
}

// Either it is settled by what is in actions_, or it has its next attempt.
void World::note_lost(TaskId task) {
  const Task& its = history_.at(task);
  if (its.settled || scheduler_.broken()) return;
  const RetryOn cause = its.late ? RetryOn::timeout : RetryOn::worker_lost;
  const bool again = !its.cancel_asked && history_.has_attempts_left(its, cause, draining_);
  const std::uint32_t attempt = scheduler_.attempt(task);
  expect(attempt == (again ? its.attempt + 1 : 0), task,
         "is lost, and its further attempts are wrong");
  if (again) history_.retried(task);
}

void World::end_starting_workers() {
  for (const LifePtr& life : seats_)
    if (life != nullptr && !life->contacted) kill(life);
}

}  // namespace procfarm::simulation
