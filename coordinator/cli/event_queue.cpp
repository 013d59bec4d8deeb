// SPDX-License-Identifier: MIT
// event_queue.cpp - a list behind a lock, and an eventfd that is written once per list.
#include "event_queue.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace procfarm::cli {

EventQueue::EventQueue() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

EventQueue::~EventQueue() { ::close(fd_); }

void EventQueue::attempt_ended(AttemptReport&& report) {
  const std::lock_guard lock(mutex_);
  pending_.ended.push_back(std::move(report));
  wake();
}

void EventQueue::rows_arrived(std::uint32_t task) {
  const std::lock_guard lock(mutex_);
  pending_.rows_arrived.push_back(task);
  wake();
}

void EventQueue::rows_counted(std::uint32_t task, std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  pending_.rows_counted.emplace_back(task, count);
  wake();
}

void EventQueue::tasks_arrived() {
  const std::lock_guard lock(mutex_);
  pending_.tasks_arrived = true;
  wake();
}

void EventQueue::committed(std::uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  pending_.committed = std::max(pending_.committed, sequence);
  wake();
}

void EventQueue::database_failed(const std::string& text) {
  const std::lock_guard lock(mutex_);
  pending_.database_failure = text;
  wake();
}

// Under the lock: take() cannot come between the list and the word that it is there.
void EventQueue::wake() {
  if (std::exchange(woken_, true)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);  // full: already readable
}

Events EventQueue::take() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(woken_, false)) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto read = ::read(fd_, &count, sizeof count);
  }
  Events events = std::move(pending_);
  pending_ = Events{.committed = events.committed};
  return events;
}

}  // namespace procfarm::cli
