// SPDX-License-Identifier: MIT
// read_ahead.hpp - items from a reader that may block: read by a thread of its own, a bounded
// number ahead, so that the main loop never waits for a pipe. A reader that cannot block for long
// is called directly.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace procfarm::cli {

/// take() is for one thread. The thread behind it is left alone when this is destroyed while the
/// reader blocks: it touches only what it shares, and `read` must own all it uses.
template <class T>
class ReadAhead {
 public:
  enum class State { item, later, end };
  struct Answer {
    State state = State::end;
    std::optional<T> item{};
  };
  using Read = std::function<std::optional<T>()>;

  /// Calls `read` only within take().
  explicit ReadAhead(Read read) : direct_(std::move(read)) {}

  /// Calls `read` in a thread, and `arrived` there when a take() that had to be put off may
  /// succeed.
  ReadAhead(Read read, std::function<void()> arrived) : shared_(std::make_shared<Shared>()) {
    shared_->arrived = std::move(arrived);
    std::thread([shared = shared_, read = std::move(read)] { work(*shared, read); }).detach();
  }
  ~ReadAhead() {
    if (!shared_) return;
    const std::lock_guard lock(shared_->mutex);
    shared_->stopped = true;
    shared_->arrived = nullptr;
    shared_->changed.notify_one();
  }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// The next item, or that it has not arrived, or that there is none. Throws what `read` threw.
  Answer take() {
    if (!shared_) {
      std::optional<T> item = direct_();
      return {item ? State::item : State::end, std::move(item)};
    }
    const std::lock_guard lock(shared_->mutex);
    if (!shared_->items.empty()) {
      Answer answer{State::item, std::move(shared_->items.front())};
      shared_->items.pop_front();
      shared_->changed.notify_one();
      return answer;
    }
    if (shared_->error) std::rethrow_exception(shared_->error);
    if (shared_->ended) return {State::end, std::nullopt};
    shared_->wanted = true;
    return {State::later, std::nullopt};
  }

 private:
  static constexpr std::size_t most_ahead = 1024;

  struct Shared {
    std::mutex mutex;  // guards all of it
    std::condition_variable changed;
    std::deque<T> items;
    std::exception_ptr error;
    bool ended = false;
    bool stopped = false;
    bool wanted = false;
    std::function<void()> arrived;
  };

  static void work(Shared& shared, const Read& read) {
    bool more = true;
    while (more) {
      std::optional<T> item;
      std::exception_ptr error;
      try {
        item = read();
      } catch (...) {
        error = std::current_exception();
      }
      std::unique_lock lock(shared.mutex);
      more = item.has_value() && !shared.stopped;
      if (item) shared.items.push_back(std::move(*item));
      shared.error = error;
      shared.ended = !item;
      // Under the lock, so that the destructor cannot run between the look and the call.
      if (std::exchange(shared.wanted, false) && shared.arrived) shared.arrived();
      shared.changed.wait(lock,
                          [&shared] { return shared.stopped || shared.items.size() < most_ahead; });
      more = more && !shared.stopped;
    }
  }

  Read direct_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace procfarm::cli
