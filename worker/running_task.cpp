// SPDX-License-Identifier: MIT
// running_task.cpp - see running_task.hpp.
#include "running_task.hpp"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <thread>

#include <procfarm/wire/task_context.hpp>

#include "command_process.hpp"
#include "process_tree.hpp"

namespace procfarm::serving {

namespace {
// One worker per process, and commands run on any thread.
std::atomic<int> process_stop_fd{-1};
std::atomic<const wire::SeatPage*> process_page{nullptr};
}  // namespace

int task_stop_fd() { return process_stop_fd.load(); }

std::chrono::nanoseconds suspended_for() {
  const wire::SeatPage* page = process_page.load();
  return std::chrono::nanoseconds(page == nullptr ? 0 : page->suspended_for.load());
}

RunningTask::RunningTask(wire::SeatPage& page)
    : page_(page), stop_event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!stop_event_) throw std::system_error(errno, std::generic_category(), "eventfd");
  process_stop_fd = stop_event_.get();
  process_page = &page;
  wire::enter_worker({.worker = this,
                      .stop_requested = &RunningTask::stop_requested,
                      .progress = &RunningTask::progress});
}

void RunningTask::begin(wire::Sequence sequence, std::uint64_t task, std::uint32_t attempt) {
  task_.store(task, std::memory_order_relaxed);
  running_.store(sequence + 1, std::memory_order_seq_cst);
  wire::begin_task(task, static_cast<int>(attempt));
  // The request may have come between begin_slot and the store: then the watch saw no such task.
  if (is_asked_to_stop()) stop_if_asked();
}

void RunningTask::go_on(std::uint64_t task) {
  wire::end_task();
  task_.store(task, std::memory_order_relaxed);
  wire::begin_task(task, 1);
}

void RunningTask::end() {
  running_.store(0, std::memory_order_seq_cst);
  while (stopping_.load(std::memory_order_seq_cst)) std::this_thread::yield();
  wire::end_task();
  if (stopped_.load(std::memory_order_relaxed)) {
    stopped_ = false;
    std::uint64_t count;
    [[maybe_unused]] const ssize_t got = ::read(stop_event_.get(), &count, sizeof count);
  }
}

void RunningTask::stop_if_asked() {
  stopping_.store(true, std::memory_order_seq_cst);
  if (is_asked_to_stop()) {
    const std::uint64_t one = 1;
    stopped_ = true;
    [[maybe_unused]] const ssize_t put = ::write(stop_event_.get(), &one, sizeof one);
    wire::fire_stop_token(task_.load());
    signal_below(::getpid(), SIGTERM, &is_command_group);
  }
  stopping_.store(false, std::memory_order_seq_cst);
}

bool RunningTask::is_asked_to_stop() const {
  const std::uint64_t running = running_.load(std::memory_order_seq_cst);
  return running != 0 && page_.stop.load(std::memory_order_seq_cst) == running;
}

bool RunningTask::stop_requested(void* self) {
  return static_cast<const RunningTask*>(self)->is_asked_to_stop();
}

void RunningTask::progress(void* self, double fraction, std::string_view message) {
  auto* task = static_cast<RunningTask*>(self);
  const std::lock_guard one_at_a_time(task->noting_);  // threads of the task may all tell
  const std::uint64_t running = task->running_.load();
  if (running != 0) wire::write_progress(task->page_, running - 1, fraction, message);
}

}  // namespace procfarm::serving
