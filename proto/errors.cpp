// SPDX-License-Identifier: MIT
// errors.cpp - the texts of errors: who, what, and what now.
#include <procfarm/errors.hpp>

#include <csignal>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include <procfarm/wire/failure.hpp>

namespace procfarm {

namespace {

std::string lost_text(const TaskRef& task, int signal, int exit_code, const std::string& tail,
                      const std::string& detail) {
  std::string how = "is gone";
  if (signal != 0) {
    how = "was killed by " + wire::signal_name(signal);
    if (signal == SIGKILL && detail.empty()) how += " (perhaps out of memory)";
  } else if (exit_code >= 0) {
    how = fmt::format("left with exit code {}", exit_code);
  }
  TaskRef nameless = task;
  nameless.pid = 0;
  nameless.host.clear();
  std::string text = fmt::format("{} was lost: its worker", wire::describe(nameless));
  if (task.pid > 0)
    text += fmt::format(" (pid {}{}{})", task.pid, task.host.empty() ? "" : " at ", task.host);
  text += ' ' + how;
  if (!detail.empty()) text += ": " + detail;
  if (!tail.empty()) text += "; its stderr ended with:\n" + tail;
  return text;
}

std::string serialization_text(std::string_view stage, const std::string& cause,
                               const TaskRef& task) {
  return fmt::format("{}: cannot {}: {}", wire::describe(task), stage, cause);
}

std::string remote_text(const TaskRef& task, const RemoteDetails& details) {
  std::string text = fmt::format("{} failed: ", wire::describe(task));
  if (!details.type_name.empty()) text += details.type_name + ": ";
  text += details.message;
  for (const std::string& cause : details.causes) text += "; caused by " + cause;
  return text;
}

}  // namespace

Error::Error(const std::string& text, TaskRef task)
    : std::runtime_error(text), task_(std::make_shared<const TaskRef>(std::move(task))) {}
Error::~Error() = default;

CancelledError::CancelledError(const TaskRef& task)
    : Error(wire::describe(task) + " was cancelled", task) {}

TaskTimeout::TaskTimeout(const TaskRef& task, Duration limit)
    : Error(fmt::format("{} exceeded its time limit of {} and was stopped", wire::describe(task),
                        wire::format_duration(limit)),
            task) {}

WorkerLost::WorkerLost(const TaskRef& task, int signal, int exit_code,
                       const std::string& stderr_tail, const std::string& detail)
    : Error(lost_text(task, signal, exit_code, stderr_tail, detail), task),
      signal_(signal),
      exit_code_(exit_code),
      stderr_tail_(std::make_shared<const std::string>(stderr_tail)) {}

SerializationError::SerializationError(std::string_view stage, const std::string& cause,
                                       const TaskRef& task)
    : Error(serialization_text(stage, cause, task), task),
      stage_(std::make_shared<const std::string>(stage)),
      cause_(std::make_shared<const std::string>(cause)) {}

DependencyError::DependencyError(const TaskRef& task, const std::string& cause)
    : Error(fmt::format("{} was not started: a task it comes after did not succeed: {}",
                        wire::describe(task), cause),
            task) {}

BrokenProcessPool::BrokenProcessPool(const std::string& cause, const TaskRef& task)
    : Error("the process pool is broken and runs nothing any more: " + cause, task) {}

ShutdownError::ShutdownError(const std::string& text, const TaskRef& task) : Error(text, task) {}

RemoteInfo::RemoteInfo(RemoteDetails details)
    : details_(std::make_shared<const RemoteDetails>(std::move(details))) {}
RemoteInfo::~RemoteInfo() = default;

RemoteError::RemoteError(const TaskRef& task, const RemoteDetails& details)
    : Error(remote_text(task, details), task), RemoteInfo(details) {}

const RemoteInfo* remote_info(const std::exception& error) noexcept {
  return dynamic_cast<const RemoteInfo*>(&error);
}

namespace detail {

void throw_serialization_error(std::string_view stage, const TaskRef& task) {
  const std::exception_ptr cause = std::current_exception();
  std::string text = "unknown exception";
  try {
    throw;
  } catch (const std::exception& error) {
    text = error.what();
  } catch (...) {  // keeps the text above
  }
  std::rethrow_exception(with_cause(SerializationError(stage, text, task), cause));
}

}  // namespace detail

namespace wire {

std::string signal_name(int signal) {
  if (const char* const name = sigabbrev_np(signal)) return std::string("SIG") + name;
  return fmt::format("signal {}", signal);
}

std::string describe(const TaskRef& task) {
  std::string text = task.name.empty() ? "task" : fmt::format("task '{}'", task.name);
  if (task.name.empty() && !task.id.empty()) {
    text += ' ' + task.id;
    if (task.attempt > 1) text += fmt::format(" (attempt {})", task.attempt);
  } else if (!task.id.empty()) {
    text += " (id " + task.id;
    if (task.attempt > 1) text += fmt::format(", attempt {}", task.attempt);
    text += ')';
  }
  if (task.pid > 0) text += fmt::format(" on worker pid {}", task.pid);
  if (!task.host.empty()) text += " at " + task.host;
  return text;
}

std::string format_duration(Duration duration) {
  const auto count = duration.count();
  if (count % 1'000'000 != 0) return fmt::format("{:g}ms", static_cast<double>(count) / 1e6);
  if (count % 1'000'000'000 != 0 && count < 1'000'000'000) {
    return fmt::format("{}ms", count / 1'000'000);
  }
  return fmt::format("{:g}s", static_cast<double>(count) / 1e9);
}

}  // namespace wire
}  // namespace procfarm
