// SPDX-License-Identifier: MIT
// serial_core.hpp - behind SerialExecutor: no queue, no thread. A task is settled before anyone
// else has its future, so nobody ever waits for one, takes it back or hears of it later.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "local_core.hpp"

namespace procfarm {

/// Any thread; each runs what it submits.
class SerialCore final : public LocalCore {
 public:
  detail::FutureState* submit(const SharedOptions& options,
                              std::unique_ptr<detail::LocalJob> job) override;
  void shutdown(ShutdownOptions options) override;
  void end(bool cancel_futures) noexcept override;
  std::vector<WorkerInfo> workers() const override { return {}; }
  PoolStats stats() const override;

  bool take_back(detail::FutureState&) override { return false; }
  std::stop_source cancel_running(detail::FutureState&) override;
  bool running(const detail::FutureState&) const override { return true; }
  void describe(const detail::FutureState&, TaskInfo&) const override {}
  void run_callbacks(detail::FutureState& state) override;

 private:
  void run(detail::FutureState& state, std::unique_ptr<detail::LocalJob> job);

  std::atomic<bool> closed_{false};
  std::atomic<std::uint64_t> next_task_{1};
  std::atomic<std::uint64_t> running_{0}, done_{0}, failed_{0};
};

}  // namespace procfarm
