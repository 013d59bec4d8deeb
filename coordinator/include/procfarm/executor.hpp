// SPDX-License-Identifier: MIT
// executor.hpp - what all executors have in common, for code that is written over any of them:
//   std::uint64_t total(procfarm::Executor auto& executor);
#pragma once

#include <concepts>
#include <utility>
#include <vector>

#include <procfarm/future.hpp>
#include <procfarm/map_result.hpp>
#include <procfarm/options.hpp>
#include <procfarm/task_info.hpp>

namespace procfarm {

namespace detail {

/// Both are only looked at, never called.
inline int executor_probe(int value) { return value; }
struct ExecutorProbe {
  int operator()(int value) const { return value; }
};

template <class S>
concept Submits = requires(S& submitter, const std::vector<int>& inputs) {
  { submitter.template submit<executor_probe>(1) } -> std::same_as<Future<int>>;
  { submitter.submit(ExecutorProbe(), 1) } -> std::same_as<Future<int>>;
  { submitter.template map<executor_probe>(inputs) } -> std::same_as<MapResult<int>>;
  { submitter.template map<executor_probe>(MapOptions(), inputs) } -> std::same_as<MapResult<int>>;
  { submitter.map(ExecutorProbe(), inputs) } -> std::same_as<MapResult<int>>;
  { submitter.map(MapOptions(), ExecutorProbe(), inputs) } -> std::same_as<MapResult<int>>;
};

template <class E>
using Submitting = decltype(std::declval<E&>().with(TaskOptions()));

}  // namespace detail

/// Runs functions and hands out futures: submit, map, with, shutdown, workers, stats. Code over it
/// switches by changing one type if its functions and arguments suit a ProcessPoolExecutor.
template <class E>
concept Executor = detail::Submits<E> && detail::Submits<detail::Submitting<E>> &&
    requires(E& executor, const E& constant) {
  executor.shutdown();
  executor.shutdown(ShutdownOptions());
  { constant.workers() } -> std::same_as<std::vector<WorkerInfo>>;
  { constant.stats() } -> std::same_as<PoolStats>;
};

}  // namespace procfarm
