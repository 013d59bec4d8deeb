// SPDX-License-Identifier: MIT
// task_queue.cpp - see task_queue.hpp.
#include "task_queue.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace procfarm::serving {

namespace {
constexpr auto awake_time = std::chrono::microseconds(30);
}

TaskQueue::TaskQueue() : may_spin_(std::thread::hardware_concurrency() > 1) {}

void TaskQueue::push(Work work) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(work));
    waiting_.fetch_add(1, std::memory_order_release);
    wake = std::exchange(asleep_, false);
  }
  if (wake) arrived_.notify_one();
}

void TaskQueue::close() {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    waiting_.fetch_add(1, std::memory_order_release);
    wake = std::exchange(asleep_, false);
  }
  if (wake) arrived_.notify_one();
}

std::optional<Work> TaskQueue::take() {
  if (may_spin_) wait_awake();
  std::unique_lock lock(mutex_);
  while (items_.empty() && !closed_) {
    asleep_ = true;
    arrived_.wait(lock);
  }
  asleep_ = false;
  if (items_.empty()) return std::nullopt;
  Work work = std::move(items_.front());
  items_.pop_front();
  waiting_.fetch_sub(1, std::memory_order_relaxed);
  return work;
}

void TaskQueue::wait_awake() const {
  const auto deadline = std::chrono::steady_clock::now() + awake_time;
  while (waiting_.load(std::memory_order_acquire) == 0) {
    std::this_thread::yield();  // the batch may need this very processor in order to come
    if (std::chrono::steady_clock::now() >= deadline) return;
  }
}

}  // namespace procfarm::serving
