// SPDX-License-Identifier: MIT
// process_pool_executor.hpp - runs functions in worker processes and hands out futures.
#pragma once

#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include <procfarm/submitter.hpp>
#include <procfarm/task_info.hpp>

namespace procfarm {

/// A pool of worker processes. Any thread; movable. Workers start when there is work for them; one
/// that dies is replaced and costs only the attempt it was running. A moved-from executor throws
/// std::logic_error, and so does one used in a process forked from its own.
class ProcessPoolExecutor {
 public:
  /// One worker for each usable core. Throws std::logic_error if init() was not called,
  /// std::invalid_argument for impossible options, std::system_error if no supervisor can be
  /// started.
  ProcessPoolExecutor();
  /// At most so many workers; at least 1.
  explicit ProcessPoolExecutor(int max_workers);
  /// As the options say.
  explicit ProcessPoolExecutor(ProcessPoolOptions options);
  ProcessPoolExecutor(ProcessPoolExecutor&&) noexcept;
  ProcessPoolExecutor& operator=(ProcessPoolExecutor&&) noexcept;
  /// shutdown(); while an exception unwinds it cancels what has not begun and waits for the rest.
  ~ProcessPoolExecutor();

  /// Runs Fn(args...) in a worker: submit<fib>(30), submit([](int x) { return x * x; }, 7).
  /// Throws ShutdownError after shutdown, BrokenProcessPool when broken. Arguments that cannot be
  /// encoded fail the future, with SerializationError.
  template <auto Fn, class... Args>
  auto submit(Args&&... args) {
    return plain().submit<Fn>(std::forward<Args>(args)...);
  }
  /// The same for a lambda without captures or another empty function object, known by its type.
  template <class F, class... Args>
  auto submit(F function, Args&&... args) {
    return plain().submit(std::move(function), std::forward<Args>(args)...);
  }

  /// Starts a call that was made before, see Submitter::submit_call.
  template <class R>
  Future<R> submit_call(const Call& call) {
    return plain().submit_call<R>(call);
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
  /// The same for a lambda without captures or another empty function object.
  template <class F, class... Ranges>
  requires(!detail::is_map_options<F>) auto map(F&& function, Ranges&&... ranges) {
    return plain().map(std::forward<F>(function), std::forward<Ranges>(ranges)...);
  }
  /// The same with options.
  template <class F, class... Ranges>
  auto map(MapOptions options, F&& function, Ranges&&... ranges) {
    return plain().map(options, std::forward<F>(function), std::forward<Ranges>(ranges)...);
  }

  /// The same submit and map, with these options. Throws std::invalid_argument for impossible ones.
  Submitter with(TaskOptions options);

  /// No new tasks. With `wait` returns when all work is done, all callbacks have run and all
  /// processes are gone. Idempotent. On the callback thread `wait` throws std::logic_error.
  void shutdown(ShutdownOptions options = {});
  /// SIGTERM to all workers (SIGKILL 2 s later); what has not begun is cancelled, nothing starts
  /// any more.
  void terminate_workers();
  /// The same with SIGKILL at once, and all that the workers have started.
  void kill_workers();
  /// Stops running tasks (SIGSTOP) with all they have started, and returns when they are stopped.
  /// Time limits pause. shutdown() resumes.
  void suspend();
  /// Continues what suspend() has stopped.
  void resume();

  /// The workers that live now.
  std::vector<WorkerInfo> workers() const;
  /// Counts of tasks and workers.
  PoolStats stats() const;

 private:
  const Submitter& plain() const;
  PoolCore& core() const;

  std::shared_ptr<PoolCore> core_;
  std::unique_ptr<Submitter> plain_;
  int exceptions_at_birth_ = std::uncaught_exceptions();
};

}  // namespace procfarm
