// SPDX-License-Identifier: MIT
// errors.hpp - what can go wrong with a task, as exception types.
// All copy cheaply and without throwing; a cause, where there is one, is nested
// (std::nested_exception). What a task itself threw comes back as its own type where that is a
// standard one or registered (register_exception.hpp), else as RemoteError; remote_info() tells
// more about either.
#pragma once

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <procfarm/duration.hpp>

namespace procfarm {

/// What is known of a task when an error speaks about it; unknown parts are empty or 0.
struct TaskRef {
  std::string id{};    // as in TaskInfo
  std::string name{};  // from TaskOptions
  int attempt = 0;     // from 1
  int pid = 0;         // of the worker
  std::string host{};  // of the worker
};

/// Base of all errors of the farm.
class Error : public std::runtime_error {
 public:
  /// `text` is all of what().
  explicit Error(const std::string& text, TaskRef task = {});
  Error(const Error&) noexcept = default;
  Error& operator=(const Error&) noexcept = default;
  ~Error() override;

  /// As in TaskInfo; empty if no task is concerned.
  const std::string& task_id() const noexcept { return task_->id; }
  /// From TaskOptions.
  const std::string& task_name() const noexcept { return task_->name; }
  /// Numbered from 1; 0 if none had begun.
  int attempt() const noexcept { return task_->attempt; }
  /// Of the worker; 0 if none had begun it.
  int pid() const noexcept { return task_->pid; }
  /// Of the worker; empty if none had begun it.
  const std::string& host() const noexcept { return task_->host; }

 private:
  std::shared_ptr<const TaskRef> task_;  // never null
};

/// The future was cancelled.
class CancelledError : public Error {
 public:
  /// The text names the task.
  explicit CancelledError(const TaskRef& task);
};

/// A wait ran out; the task goes on.
class TimeoutError : public Error {
 public:
  using Error::Error;
};

/// The task exceeded its own limit and was stopped.
class TaskTimeout : public Error {
 public:
  /// The text names task and limit.
  TaskTimeout(const TaskRef& task, Duration limit);
};

/// The worker died while it ran the task.
class WorkerLost : public Error {
 public:
  /// `signal` 0: it exited with `exit_code`; both unknown: 0 and -1, `detail` may say why.
  WorkerLost(const TaskRef& task, int signal, int exit_code, const std::string& stderr_tail = {},
             const std::string& detail = {});

  /// 0 if it exited.
  int signal() const noexcept { return signal_; }
  /// -1 if it was killed or this is unknown.
  int exit_code() const noexcept { return exit_code_; }
  /// The last lines it wrote to stderr, where that is captured.
  const std::string& stderr_tail() const noexcept { return *stderr_tail_; }

 private:
  int signal_;
  int exit_code_;
  std::shared_ptr<const std::string> stderr_tail_;  // never null
};

/// Arguments or a result could not be encoded or decoded, or are too large.
class SerializationError : public Error {
 public:
  /// `stage` is one of "encode arguments", "decode arguments", "encode result", "decode result".
  SerializationError(std::string_view stage, const std::string& cause, const TaskRef& task = {});

  /// Which of the four.
  const std::string& stage() const noexcept { return *stage_; }
  /// The text without the task.
  const std::string& cause() const noexcept { return *cause_; }

 private:
  std::shared_ptr<const std::string> stage_;  // never null
  std::shared_ptr<const std::string> cause_;  // never null
};

/// One of the futures in `after` failed or was cancelled; its error is nested.
class DependencyError : public Error {
 public:
  /// `cause` is the text of the nested error.
  DependencyError(const TaskRef& task, const std::string& cause);
};

/// No worker can be started, or the initializer or preload failed.
class BrokenProcessPool : public Error {
 public:
  /// `cause` says why it is broken.
  explicit BrokenProcessPool(const std::string& cause, const TaskRef& task = {});
};

/// The executor takes no more work.
class ShutdownError : public Error {
 public:
  /// `text` is all of what().
  explicit ShutdownError(const std::string& text = "cannot schedule new futures after shutdown",
                         const TaskRef& task = {});
};

/// A future or executor was used in a state that does not allow it.
class InvalidStateError : public Error {
 public:
  using Error::Error;
};

/// What RemoteInfo holds.
struct RemoteDetails {
  std::string type_name{};            // of what was thrown, as the compiler spells it
  std::string message{};              // its what()
  std::vector<std::string> causes{};  // "type: message" of what was nested in it, outermost first
  int pid = 0;                        // of the worker
  std::string host{};                 // of the worker
  int attempt = 0;                    // from 1
  std::string stderr_tail{};          // the last lines of the worker, where they are captured
};

/// Where an exception that a task threw came from. Every such exception derives from it.
class RemoteInfo {
 public:
  /// Keeps `details`, shared by all copies.
  explicit RemoteInfo(RemoteDetails details);
  RemoteInfo(const RemoteInfo&) noexcept = default;
  RemoteInfo& operator=(const RemoteInfo&) noexcept = default;
  virtual ~RemoteInfo();

  /// The type of what was thrown in the worker, as the compiler spells it.
  const std::string& type_name() const noexcept { return details_->type_name; }
  /// Its what().
  const std::string& message() const noexcept { return details_->message; }
  /// "type: message" of what was nested in it, outermost first.
  const std::vector<std::string>& causes() const noexcept { return details_->causes; }
  /// Of the worker.
  int pid() const noexcept { return details_->pid; }
  /// Of the worker.
  const std::string& host() const noexcept { return details_->host; }
  /// The attempt that threw, from 1.
  int attempt() const noexcept { return details_->attempt; }
  /// The last lines the worker wrote to stderr, where that is captured.
  const std::string& stderr_tail() const noexcept { return details_->stderr_tail; }

 private:
  std::shared_ptr<const RemoteDetails> details_;  // never null
};

/// The task threw something that cannot be made again here.
class RemoteError : public Error, public RemoteInfo {
 public:
  /// The text names task, type and message.
  RemoteError(const TaskRef& task, const RemoteDetails& details);

  /// @cond
  using Error::attempt;
  using Error::host;
  using Error::pid;
  /// @endcond
};

/// Null for an exception that no task threw.
const RemoteInfo* remote_info(const std::exception& error) noexcept;

namespace detail {

/// `error` with `cause` nested in it, as std::throw_with_nested would throw it; `cause` may be
/// null.
template <class E>
std::exception_ptr with_cause(E error, const std::exception_ptr& cause);

/// To be called while an exception is handled; nests it.
[[noreturn]] void throw_serialization_error(std::string_view stage, const TaskRef& task);

template <class E>
class WithCause : public E, public std::nested_exception {
 public:
  explicit WithCause(E&& error) : E(std::move(error)) {}
};

template <class E>
std::exception_ptr with_cause(E error, const std::exception_ptr& cause) {
  if constexpr (!std::is_final_v<E> && !std::is_base_of_v<std::nested_exception, E>) {
    if (cause != nullptr) {
      try {
        std::rethrow_exception(cause);
      } catch (...) {  // std::nested_exception takes what is being handled
        return std::make_exception_ptr(WithCause<E>(std::move(error)));
      }
    }
  }
  return std::make_exception_ptr(std::move(error));
}

}  // namespace detail
}  // namespace procfarm
