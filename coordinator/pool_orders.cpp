// SPDX-License-Identifier: MIT
// pool_orders.cpp - what a caller tells the driver to do with the whole pool: to stand still, to
// take no more, to end. An order that promises something returns when the driver has done it.
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <utility>

#include "pool_core.hpp"

namespace procfarm {
namespace {

/// With a driver that may be starting its supervisor.
constexpr std::chrono::seconds patience{5};

}  // namespace

void PoolCore::suspend() {
  auto promise = std::make_shared<std::promise<void>>();
  const std::future<void> stopped = promise->get_future();
  post(command::Suspend{std::move(promise)});
  stopped.wait_for(patience);
}

void PoolCore::close() {
  const InboxLock lock(mutex_);
  inbox_.closed = true;
  room_.notify_all();
}

void PoolCore::end_workers(int signal) {
  check_process();
  close();
  auto promise = std::make_shared<std::promise<void>>();
  const std::future<void> cancelled = promise->get_future();
  post(command::EndWorkers{signal, std::move(promise)});
  cancelled.wait_for(patience);
}

void PoolCore::shutdown(ShutdownOptions how) {
  if (!in_home_process()) return;
  if (how.wait && callbacks.is_current()) {
    throw std::logic_error(
        "shutdown(wait) on the callback thread would wait for itself: use {.wait = false}");
  }
  close();
  auto promise = std::make_shared<std::promise<void>>();
  const std::future<void> cancelled = promise->get_future();
  post(command::Close{how.cancel_futures, std::move(promise)});
  if (how.wait) return wait_finished();
  if (how.cancel_futures) cancelled.wait_for(patience);
}

void PoolCore::wait_finished() {
  {
    InboxLock lock(mutex_);
    finished_.wait(lock, [this] { return inbox_.driver_done; });
  }
  join_driver();
  callbacks.finish();
}

void PoolCore::join_driver() {
  std::lock_guard lock(join_mutex_);
  if (driver_thread_.joinable()) driver_thread_.join();
}

}  // namespace procfarm
