// SPDX-License-Identifier: MIT
// ready_queue.cpp - one level per priority in use. A few empty levels are kept, because a queue
// that runs empty after each task should not allocate; the rest is dropped.
#include "ready_queue.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace procfarm::scheduling {

namespace {
constexpr std::size_t levels_kept = 16;
}

void ReadyQueue::Level::clear() {
  runs.clear();
  head = 0;
  returned.clear();
}

ReadyQueue::Run ReadyQueue::Level::take(std::uint64_t most) {
  const bool has_run = head < runs.size();
  if (!returned.empty() && (!has_run || returned.front() <= runs[head].first)) {
    std::pop_heap(returned.begin(), returned.end(), std::greater<>{});
    const std::uint64_t id = returned.back();
    returned.pop_back();
    return {id, id + 1};
  }
  assert(has_run);
  Run& run = runs[head];
  std::uint64_t end = std::min(run.end, run.first + most);
  if (!returned.empty()) end = std::min(end, returned.front());
  const Run taken{std::exchange(run.first, end), end};
  if (run.first == run.end) ++head;
  // Used runs are given back in bulk, so that this costs nothing per task.
  if (head >= 64 && head * 2 > runs.size()) {
    runs.erase(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(head));
    head = 0;
  }
  return taken;
}

ReadyQueue::Level& ReadyQueue::level(int priority) {
  if (recent_ == levels_.end() || recent_->first != priority)
    recent_ = levels_.try_emplace(priority).first;
  return recent_->second;
}

void ReadyQueue::push(TaskId first, std::uint32_t count, int priority) {
  Level& at = level(priority);
  const std::uint64_t id = static_cast<std::uint64_t>(first);
  if (at.head < at.runs.size() && at.runs.back().end == id)
    at.runs.back().end += count;
  else
    at.runs.push_back({id, id + count});
  at.count += count;
  size_ += count;
}

void ReadyQueue::put_back(TaskId task, int priority) {
  Level& at = level(priority);
  at.returned.push_back(static_cast<std::uint64_t>(task));
  std::push_heap(at.returned.begin(), at.returned.end(), std::greater<>{});
  ++at.count;
  ++size_;
}

void ReadyQueue::count_down(Levels::iterator at, std::uint64_t count) {
  size_ -= count;
  at->second.count -= count;
  if (at->second.count != 0) return;
  at->second.clear();
  if (levels_.size() <= levels_kept) return;
  if (recent_ == at) recent_ = levels_.end();
  levels_.erase(at);
}

void ReadyQueue::forget(int priority) {
  level(priority);
  count_down(recent_, 1);
}

void ReadyQueue::clear() {
  levels_.clear();
  recent_ = levels_.end();
  size_ = 0;
}

ReadyQueue::Levels::iterator ReadyQueue::top() {
  Levels::iterator at = levels_.begin();
  while (at->second.count == 0) ++at;
  return at;
}

ReadyQueue::Levels::const_iterator ReadyQueue::top() const {
  Levels::const_iterator at = levels_.begin();
  while (at->second.count == 0) ++at;
  return at;
}

int ReadyQueue::top_priority() const { return top()->first; }

std::uint64_t ReadyQueue::top_count() const { return top()->second.count; }

std::vector<TaskId> ReadyQueue::entries() const {
  std::vector<TaskId> all;
  for (const auto& [priority, at] : levels_) {
    for (std::size_t i = at.head; i < at.runs.size(); ++i)
      for (std::uint64_t id = at.runs[i].first; id < at.runs[i].end; ++id)
        all.push_back(static_cast<TaskId>(id));
    for (const std::uint64_t id : at.returned) all.push_back(static_cast<TaskId>(id));
  }
  return all;
}

}  // namespace procfarm::scheduling
