// SPDX-License-Identifier: MIT
// process_pool_executor.cpp - the handle that users hold.
#include <procfarm/process_pool_executor.hpp>

#include <csignal>
#include <exception>
#include <stdexcept>

#include <fmt/core.h>

#include "pool_core.hpp"
#include "shared_options.hpp"

namespace procfarm {

namespace detail {

FutureState* submit_task(PoolCore& core, const SharedOptions& options, FunctionId function,
                         Writer& arguments) {
  return core.submit(options, function, arguments);
}

FutureState* submit_call(PoolCore& core, const SharedOptions& options, const Call& call) {
  if (!call) throw std::invalid_argument("an empty Call cannot be submitted");
  return core.submit(options, call.function(), call.arguments());
}

FutureState* fail_task(PoolCore& core, const SharedOptions& options) {
  try {
    throw;
  } catch (const std::exception& error) {
    return core.fail_submit(options, error.what(), std::current_exception());
  } catch (...) {
    return core.fail_submit(options, "unknown exception", std::current_exception());
  }
}

}  // namespace detail

Submitter::Submitter(std::shared_ptr<PoolCore> core, const SharedOptions& options)
    : core_(std::move(core)), options_(options), blocks_(core_->blocks()) {
  options_.retain_with_after();
}
Submitter::Submitter(const Submitter& other) : Submitter(other.core_, other.options_) {}
Submitter::~Submitter() { options_.release_with_after(); }

ProcessPoolExecutor::ProcessPoolExecutor() : ProcessPoolExecutor(ProcessPoolOptions{}) {}

ProcessPoolExecutor::ProcessPoolExecutor(int max_workers)
    : ProcessPoolExecutor(ProcessPoolOptions{.max_workers = max_workers}) {}

ProcessPoolExecutor::ProcessPoolExecutor(ProcessPoolOptions options)
    : core_(PoolCore::start(std::move(options))),
      plain_(std::make_unique<Submitter>(core_, SharedOptions::plain())) {}

ProcessPoolExecutor::ProcessPoolExecutor(ProcessPoolExecutor&&) noexcept = default;

ProcessPoolExecutor& ProcessPoolExecutor::operator=(ProcessPoolExecutor&& other) noexcept {
  if (this != &other) {
    const ProcessPoolExecutor ended(std::move(*this));
    core_ = std::move(other.core_);
    plain_ = std::move(other.plain_);
  }
  return *this;
}

ProcessPoolExecutor::~ProcessPoolExecutor() {
  if (!core_ || !core_->in_home_process()) return;
  try {
    const bool on_callback_thread = core_->callbacks.is_current();
    core_->shutdown({.wait = !on_callback_thread,
                     .cancel_futures = std::uncaught_exceptions() > exceptions_at_birth_});
  } catch (const std::exception& error) {
    fmt::print(stderr, "procfarm: shutting down an executor failed: {}\n", error.what());
  }
}

PoolCore& ProcessPoolExecutor::core() const {
  if (!core_) throw std::logic_error("this executor was moved from");
  return *core_;
}

const Submitter& ProcessPoolExecutor::plain() const {
  (void)core();
  return *plain_;
}

Submitter ProcessPoolExecutor::with(TaskOptions options) {
  (void)core();
  const auto* shared = new SharedOptions(std::move(options));
  Submitter submitter(core_, *shared);
  shared->release();  // the submitter and its tasks hold it from here on
  return submitter;
}

void ProcessPoolExecutor::shutdown(ShutdownOptions options) { core().shutdown(options); }

void ProcessPoolExecutor::terminate_workers() { core().end_workers(SIGTERM); }

void ProcessPoolExecutor::kill_workers() { core().end_workers(SIGKILL); }

void ProcessPoolExecutor::suspend() {
  core().check_process();
  core_->suspend();
}

void ProcessPoolExecutor::resume() {
  core().check_process();
  core_->post(command::Resume{});
}

std::vector<WorkerInfo> ProcessPoolExecutor::workers() const { return core().workers(); }

PoolStats ProcessPoolExecutor::stats() const { return core().stats(); }

}  // namespace procfarm
