// SPDX-License-Identifier: MIT
// coroutine.hpp - opt-in: co_await on a future, in coroutines of whatever type the program has.
#pragma once

#include <coroutine>
#include <utility>

#include <procfarm/future.hpp>

namespace procfarm {
namespace detail {

template <class T>
class FutureAwaiter {
 public:
  explicit FutureAwaiter(Future<T> future) : future_(std::move(future)) {}
  bool await_ready() const { return future_.done(); }
  void await_suspend(std::coroutine_handle<> waiting) const {
    // A copy: the coroutine, with this awaiter in it, may be gone before add_done_callback returns.
    const Future<T> future = future_;
    future.add_done_callback([waiting](const Future<T>&) { waiting.resume(); });
  }
  T await_resume() const { return future_.result(); }

 private:
  Future<T> future_;
};

}  // namespace detail

/// `co_await future` yields or throws what future.result() does. If it is not done, the coroutine
/// goes on on the callback thread of its executor, where it must not wait for that executor's
/// shutdown; else at once. An InvalidStateError if it belongs to no task.
template <class T>
auto operator co_await(const Future<T>& future) {
  return detail::FutureAwaiter<T>(future);
}

}  // namespace procfarm
