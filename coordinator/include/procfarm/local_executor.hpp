// SPDX-License-Identifier: MIT
// local_executor.hpp - what executors within this process have in common: the typed front, which
// turns a callable and its arguments into a job, and the handle that users hold.
#pragma once

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <procfarm/future.hpp>
#include <procfarm/local_job.hpp>
#include <procfarm/map_inputs.hpp>
#include <procfarm/map_result.hpp>
#include <procfarm/options.hpp>
#include <procfarm/task_info.hpp>

namespace procfarm {

struct SharedOptions;
class LocalCore;

namespace detail {

/// Submits one job; returns its state with one reference. Throws ShutdownError, BrokenProcessPool,
/// std::logic_error (used after fork()), std::invalid_argument (retry for what cannot be copied).
FutureState* submit_job(LocalCore& core, const SharedOptions& options,
                        std::unique_ptr<LocalJob> job);

}  // namespace detail

/// submit() and map() with one set of options. A copyable handle; any thread; valid as long as the
/// executor lives.
class LocalSubmitter {
 public:
  /// Made by LocalExecutor::with.
  LocalSubmitter(std::shared_ptr<LocalCore> core, const SharedOptions& options);
  LocalSubmitter(const LocalSubmitter& other);
  LocalSubmitter& operator=(const LocalSubmitter&) = delete;
  ~LocalSubmitter();

  /// Runs Fn(args...), see LocalExecutor::submit.
  template <auto Fn, class... Args>
  auto submit(Args&&... args) const {
    return start(detail::StaticFunction<Fn>(), std::forward<Args>(args)...);
  }
  /// The same for any callable.
  template <class F, class... Args>
  requires(!std::is_same_v<F, void>) auto submit(F function, Args&&... args) const {
    return start(std::move(function), std::forward<Args>(args)...);
  }

  /// Fn(a, b, ...) for each a, b, ... of the ranges, zipped; results in their order.
  template <auto Fn, class First, class... Ranges>
  requires(!detail::is_map_options<First>) auto map(First&& first, Ranges&&... ranges) const {
    return map<Fn>(MapOptions{}, std::forward<First>(first), std::forward<Ranges>(ranges)...);
  }
  /// The same with options.
  template <auto Fn, class... Ranges>
  auto map(MapOptions options, Ranges&&... ranges) const {
    return start_map(options, detail::StaticFunction<Fn>(), std::forward<Ranges>(ranges)...);
  }
  /// The same for any callable that can be copied.
  template <class F, class First, class... Ranges>
  requires(!detail::is_map_options<F>) auto map(F function, First&& first,
                                                Ranges&&... ranges) const {
    return start_map(MapOptions{}, std::move(function), std::forward<First>(first),
                     std::forward<Ranges>(ranges)...);
  }
  /// The same, with options.
  template <class F, class... Ranges>
  auto map(MapOptions options, F function, Ranges&&... ranges) const {
    return start_map(options, std::move(function), std::forward<Ranges>(ranges)...);
  }

 private:
  template <class F, class... Args>
  auto start(F&& function, Args&&... args) const {
    using R = detail::LocalResult<std::decay_t<F>, Args...>;
    return Future<R>(detail::submit_job(
        *core_, options_,
        detail::make_local_job(std::forward<F>(function), std::forward<Args>(args)...)));
  }

  template <class F, class... Ranges>
  auto start_map(const MapOptions& options, F function, Ranges&&... ranges) const {
    static_assert(std::is_copy_constructible_v<F>,
                  "procfarm: map calls its function once for each item, each time a copy of it");
    using R = detail::LocalResult<F, detail::InputItem<Ranges>...>;
    return detail::map_inputs<R>(
        options,
        [self = *this, function = std::move(function)](auto&&... items) {
          return self.start(function, std::forward<decltype(items)>(items)...);
        },
        std::forward<Ranges>(ranges)...);
  }

  std::shared_ptr<LocalCore> core_;
  const SharedOptions& options_;
};

/// The base of ThreadPoolExecutor and SerialExecutor. Any thread; movable. A moved-from one throws
/// std::logic_error.
class LocalExecutor {
 public:
  /// Runs Fn(args...) or function(args...): any callable, captures included. Callable and arguments
  /// are copied or moved in; a copied one can be repeated (TaskOptions::retry). Throws
  /// ShutdownError, BrokenProcessPool, and std::logic_error in a process forked from its own.
  template <auto Fn, class... Args>
  auto submit(Args&&... args) {
    return plain().submit<Fn>(std::forward<Args>(args)...);
  }
  /// The same for any callable.
  template <class F, class... Args>
  auto submit(F function, Args&&... args) {
    return plain().submit(std::move(function), std::forward<Args>(args)...);
  }

  /// Results of Fn over zipped ranges, in order: map<Fn>(a, b), map<Fn>(MapOptions, a, b),
  /// map(lambda, a, b), map(MapOptions, lambda, a, b). See MapResult.
  template <auto Fn, class First, class... Ranges>
  requires(!detail::is_map_options<First>) auto map(First&& first, Ranges&&... ranges) {
    return plain().map<Fn>(std::forward<First>(first), std::forward<Ranges>(ranges)...);
  }
  /// The same with options: map<Fn>({.buffersize = 8}, a, b).
  template <auto Fn, class... Ranges>
  auto map(MapOptions options, Ranges&&... ranges) {
    return plain().map<Fn>(options, std::forward<Ranges>(ranges)...);
  }
  /// The same for a callable that can be copied.
  template <class F, class... Ranges>
  requires(!detail::is_map_options<F>) auto map(F&& function, Ranges&&... ranges) {
    return plain().map(std::forward<F>(function), std::forward<Ranges>(ranges)...);
  }
  /// The same with options.
  template <class F, class... Ranges>
  auto map(MapOptions options, F&& function, Ranges&&... ranges) {
    return plain().map(options, std::forward<F>(function), std::forward<Ranges>(ranges)...);
  }

  /// The same submit and map, with these options. Throws std::invalid_argument for impossible ones,
  /// and for a `timeout`: what runs in this process cannot be stopped from outside.
  LocalSubmitter with(TaskOptions options);

  /// No new tasks. With `wait` returns when all work is done, all callbacks have run and all
  /// threads have ended. Idempotent. On the callback thread, or in a task of this executor, `wait`
  /// throws std::logic_error.
  void shutdown(ShutdownOptions options = {});

  /// One for each thread, with the pid of this process.
  std::vector<WorkerInfo> workers() const;
  /// Counts of this moment and over the executor's life; `workers_lost` stays 0.
  PoolStats stats() const;

 protected:
  /// For the executors that derive from it.
  explicit LocalExecutor(std::shared_ptr<LocalCore> core);
  LocalExecutor(LocalExecutor&&) noexcept;
  LocalExecutor& operator=(LocalExecutor&&) noexcept;
  /// shutdown(); while an exception unwinds it cancels what has not begun and waits for the rest.
  ~LocalExecutor();

  /// Throws std::logic_error if this was moved from.
  LocalCore& core() const;

 private:
  const LocalSubmitter& plain() const;

  std::shared_ptr<LocalCore> core_;
  std::unique_ptr<LocalSubmitter> plain_;
  int exceptions_at_birth_ = std::uncaught_exceptions();
};

}  // namespace procfarm
