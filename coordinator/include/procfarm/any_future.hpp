// SPDX-License-Identifier: MIT
// any_future.hpp - a future whose type of result is not known: all that can be asked of a task
// without decoding what it returned. Future<T> is an AnyFuture with result().
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <procfarm/duration.hpp>
#include <procfarm/task_info.hpp>

namespace procfarm {

/// Tag: f.cancel(procfarm::cancel_running).
struct CancelRunning {};
inline constexpr CancelRunning cancel_running{};

class AnyFuture;

namespace detail {

class FutureState;
class Watcher;
void retain(FutureState* state) noexcept;
void release(FutureState* state) noexcept;

/// The value of a finished task: encoded bytes, or an object when it never left this process.
struct ValueView {
  std::string_view bytes;
  const void* local = nullptr;
};

/// callback(future), once, as std::function wants it: copyable, which the callable need not be.
template <class Future, class F>
std::function<void()> callback_with(Future future, F callback) {
  if constexpr (std::is_copy_constructible_v<F>) {
    return [future = std::move(future), callback = std::move(callback)]() mutable {
      callback(std::move(future));
    };
  } else {
    return [future = std::move(future),
            callback = std::make_shared<F>(std::move(callback))]() mutable {
      (*callback)(std::move(future));
    };
  }
}

}  // namespace detail

/// A copyable handle on one task. Any thread. Its destructor never blocks. Everything but valid(),
/// comparison and destruction throws InvalidStateError on a default-constructed one.
class AnyFuture {
 public:
  AnyFuture() = default;
  /// Takes over one reference (for executors).
  explicit AnyFuture(detail::FutureState* adopted) noexcept : state_(adopted) {}
  AnyFuture(const AnyFuture& other) noexcept : state_(other.state_) { detail::retain(state_); }
  AnyFuture(AnyFuture&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  AnyFuture& operator=(AnyFuture other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~AnyFuture() { detail::release(state_); }

  /// True if it was cancelled before it began, now or earlier; false when running or finished.
  bool cancel();
  /// Also a running one: it is asked to stop and after its `grace` its worker is killed with all it
  /// started. Returns at once; true if the task was not done yet.
  bool cancel(CancelRunning);
  /// False for a default-constructed or moved-from one.
  bool valid() const { return state_ != nullptr; }
  /// It was cancelled, before it began or by cancel_running.
  bool cancelled() const;
  /// A worker has begun it and its outcome is not here yet.
  bool running() const;
  /// Finished or cancelled.
  bool done() const;
  /// Waits; null on success. Throws CancelledError if it was cancelled.
  std::exception_ptr exception() const { return error(std::nullopt); }
  /// The same, throws TimeoutError after `timeout`; zero or less polls.
  std::exception_ptr exception(Duration timeout) const { return error(timeout); }
  /// Calls `callback` with this future once it is done: on the executor's callback thread, or at
  /// once in this thread if it is done and all earlier callbacks have run. What it throws is
  /// reported on standard error and dropped.
  template <class F>
  void add_done_callback(F callback) const {
    add_callback(detail::callback_with(*this, std::move(callback)));
  }
  /// What is known of the task by now; a copy.
  TaskInfo info() const;
  /// The same task.
  bool operator==(const AnyFuture& other) const { return state_ == other.state_; }

 protected:
  /// @cond
  detail::FutureState& state() const;
  detail::ValueView wait_value(std::optional<Duration> timeout) const;
  detail::ValueView value_of_cancelled() const;
  std::exception_ptr error(std::optional<Duration> timeout) const;
  void add_callback(std::function<void()> callback) const;
  /// In a catch block.
  [[noreturn]] void throw_undecodable() const;
  /// @endcond

 private:
  friend class detail::Watcher;
  friend struct std::hash<AnyFuture>;
  friend struct FutureAccess;
  detail::FutureState* state_ = nullptr;
};

/// How the library itself reaches a future's state.
struct FutureAccess {
  static detail::FutureState* state(const AnyFuture& future) { return future.state_; }
  /// What a task that was cancelled while it ran has returned all the same, encoded; nothing if it
  /// did not return.
  static detail::ValueView value_of_cancelled(const AnyFuture& future) {
    return future.value_of_cancelled();
  }
};

}  // namespace procfarm

/// @cond
template <>
struct std::hash<procfarm::AnyFuture> {
  std::size_t operator()(const procfarm::AnyFuture& future) const noexcept {
    return std::hash<const void*>{}(future.state_);
  }
};
/// @endcond
