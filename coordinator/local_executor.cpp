// SPDX-License-Identifier: MIT
// local_executor.cpp - the handles on executors within this process.
#include <procfarm/local_executor.hpp>

#include <stdexcept>

#include <procfarm/serial_executor.hpp>
#include <procfarm/thread_pool_executor.hpp>

#include "checked_options.hpp"
#include "local_core.hpp"
#include "serial_core.hpp"
#include "shared_options.hpp"
#include "thread_pool_core.hpp"

namespace procfarm {

detail::FutureState* detail::submit_job(LocalCore& core, const SharedOptions& options,
                                        std::unique_ptr<LocalJob> job) {
  return core.submit(options, std::move(job));
}

LocalSubmitter::LocalSubmitter(std::shared_ptr<LocalCore> core, const SharedOptions& options)
    : core_(std::move(core)), options_(options) {
  options_.retain_with_after();
}
LocalSubmitter::LocalSubmitter(const LocalSubmitter& other)
    : LocalSubmitter(other.core_, other.options_) {}
LocalSubmitter::~LocalSubmitter() { options_.release_with_after(); }

LocalExecutor::LocalExecutor(std::shared_ptr<LocalCore> core)
    : core_(std::move(core)),
      plain_(std::make_unique<LocalSubmitter>(core_, SharedOptions::plain())) {}

LocalExecutor::LocalExecutor(LocalExecutor&&) noexcept = default;

LocalExecutor& LocalExecutor::operator=(LocalExecutor&& other) noexcept {
  if (this != &other) {
    const LocalExecutor ended(std::move(*this));
    core_ = std::move(other.core_);
    plain_ = std::move(other.plain_);
  }
  return *this;
}

LocalExecutor::~LocalExecutor() {
  if (core_) core_->end(std::uncaught_exceptions() > exceptions_at_birth_);
}

LocalCore& LocalExecutor::core() const {
  if (!core_) throw std::logic_error("this executor was moved from");
  return *core_;
}

const LocalSubmitter& LocalExecutor::plain() const {
  (void)core();
  return *plain_;
}

LocalSubmitter LocalExecutor::with(TaskOptions options) {
  (void)core();
  if (options.timeout) {
    throw std::invalid_argument(
        "a time limit needs ProcessPoolExecutor: a thread that runs a task cannot be stopped");
  }
  const auto* shared = new SharedOptions(std::move(options));
  LocalSubmitter submitter(core_, *shared);
  shared->release();  // the submitter and its tasks hold it from here on
  return submitter;
}

void LocalExecutor::shutdown(ShutdownOptions options) { core().shutdown(options); }

std::vector<WorkerInfo> LocalExecutor::workers() const { return core().workers(); }

PoolStats LocalExecutor::stats() const { return core().stats(); }

ThreadPoolExecutor::ThreadPoolExecutor() : ThreadPoolExecutor(ThreadPoolOptions{}) {}

ThreadPoolExecutor::ThreadPoolExecutor(int max_workers)
    : ThreadPoolExecutor(ThreadPoolOptions{.max_workers = max_workers}) {}

ThreadPoolExecutor::ThreadPoolExecutor(ThreadPoolOptions options)
    : LocalExecutor(std::make_shared<ThreadPoolCore>(std::move(options))) {}

void ThreadPoolExecutor::suspend() { static_cast<ThreadPoolCore&>(core()).suspend(); }

void ThreadPoolExecutor::resume() { static_cast<ThreadPoolCore&>(core()).resume(); }

SerialExecutor::SerialExecutor() : LocalExecutor(std::make_shared<SerialCore>()) {}

SerialExecutor::SerialExecutor(int max_workers) : SerialExecutor() {
  check_positive(max_workers, "max_workers");
}

}  // namespace procfarm
