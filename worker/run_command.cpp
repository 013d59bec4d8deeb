// SPDX-License-Identifier: MIT
// run_command.cpp - one command from its start to its CommandResult: one poll loop over its output,
// its end, a stop request, its time limit and its memory. How a process is made and ended is
// command_process.hpp, where its streams go command_streams.hpp.
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>

#include <procfarm/command.hpp>
#include <procfarm/duration.hpp>

#include "command_process.hpp"
#include "command_streams.hpp"
#include "process_tree.hpp"
#include "running_task.hpp"
#include "stop_event.hpp"

namespace procfarm {

using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto memory_sampling = 50ms;

/// The clock of limits: stands still while the worker, and with it the command, is suspended.
Clock::time_point limit_clock() { return Clock::now() - serving::suspended_for(); }

Clock::time_point in(Duration duration) {
  return detail::from_now(duration) - serving::suspended_for();
}

Duration cpu_time(const rusage& usage) {
  const auto duration = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return duration(usage.ru_utime) + duration(usage.ru_stime);
}

/// The watch over one running command. One thread at a time.
class CommandWatch {
 public:
  CommandWatch(const Command& command, serving::CommandProcess& process,
               serving::CommandStreams& streams)
      : command_(command), process_(process), streams_(streams) {
    if (command.timeout) limit_ = in(*command.timeout);
    if (command.memory) next_sample_ = limit_clock();
    ended_ = process.pidfd() < 0;  // already gone, and reaped by a host that reaps all
  }

  /// Returns when the process has ended.
  void run(CommandResult& result) {
    while (!ended_) {
      wait();
      act_on_time(result);
    }
  }

 private:
  void wait();
  void act_on_time(CommandResult& result);
  void ask_to_end();
  int time_left() const;

  const Command& command_;
  serving::CommandProcess& process_;
  serving::CommandStreams& streams_;
  serving::LocalStopEvent local_stop_{};
  std::optional<Clock::time_point> limit_{};
  std::optional<Clock::time_point> next_sample_{};
  std::optional<Clock::time_point> kill_at_{};  // it has been asked to end
  bool killed_ = false;
  bool ended_ = false;
};

void CommandWatch::wait() {
  const bool hears_stop = !kill_at_ && !killed_;
  pollfd items[] = {{streams_.out.fd(), POLLIN, 0},
                    {streams_.err.fd(), POLLIN, 0},
                    {process_.pidfd(), POLLIN, 0},
                    {hears_stop ? serving::task_stop_fd() : -1, POLLIN, 0},
                    {hears_stop ? local_stop_.fd() : -1, POLLIN, 0}};
  const int ready = ::poll(items, std::size(items), time_left());
  if (ready < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
  if (ready <= 0) return;
  if (items[0].revents != 0) streams_.out.read_some();
  if (items[1].revents != 0) streams_.err.read_some();
  ended_ = items[2].revents != 0;
  if (!ended_ && (items[3].revents != 0 || items[4].revents != 0)) ask_to_end();
}

void CommandWatch::act_on_time(CommandResult& result) {
  if (ended_ || killed_) return;
  const auto now = limit_clock();
  if (limit_ && now >= *limit_ && !kill_at_) {
    result.timed_out = true;
    ask_to_end();
  }
  if (next_sample_ && now >= *next_sample_) {
    const std::uint64_t resident = serving::resident_memory(process_.pid());
    result.out_of_memory = resident > *command_.memory;
    // What is killed with its parent is in nobody's rusage.
    if (result.out_of_memory) result.peak_memory = resident;
    next_sample_ = now + memory_sampling;
  }
  if (result.out_of_memory || (kill_at_ && now >= *kill_at_)) {
    process_.kill();
    killed_ = true;
  }
}

void CommandWatch::ask_to_end() {
  process_.terminate();
  kill_at_ = in(command_.grace);
}

int CommandWatch::time_left() const {
  if (killed_) return -1;
  auto next = kill_at_ ? *kill_at_ : limit_.value_or(Clock::time_point::max());
  if (next_sample_) next = std::min(next, *next_sample_);
  if (next == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - limit_clock());
  return static_cast<int>(
      std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, 1'000'000'000));
}

void take_status(int status, CommandResult& result) {
  if (status == -1) {  // the host reaps or ignores all children: how it ended is unknown
    result.exit_code = -1;
  } else if (WIFSIGNALED(status)) {
    result.exit_code = -1;
    result.signal = WTERMSIG(status);
  } else {
    result.exit_code = WEXITSTATUS(status);
  }
}

}  // namespace

CommandResult run_command(const Command& command) {
  serving::check_command(command);
  CommandResult result;
  serving::CommandStreams streams(command);
  serving::CommandProcess process(command, streams.theirs());
  if (!process.started()) {
    result.exit_code = process.failure_code();
    result.err = process.failure_text();
    return result;
  }
  CommandWatch(command, process, streams).run(result);
  rusage usage{};
  take_status(process.reap(usage), result);
  streams.out.drain();
  streams.err.drain();
  result.out = streams.out.take();
  result.err = streams.err.take();
  result.cpu_time = cpu_time(usage);
  result.peak_memory =
      std::max(result.peak_memory, static_cast<std::uint64_t>(usage.ru_maxrss) * 1024);
  return result;
}

}  // namespace procfarm
