// SPDX-License-Identifier: MIT
// wait.hpp - waiting for many futures: all of them, the first, or one after the other as they
// finish. Futures of several executors may be mixed (as AnyFuture); duplicates count once.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <procfarm/any_future.hpp>

namespace procfarm {

/// When wait() returns: all are done, one is, or one has failed (else: all are done).
enum class ReturnWhen { all_completed, first_completed, first_exception };

namespace detail {

template <class R>
using RangeElement = std::remove_cvref_t<decltype(*std::begin(std::declval<R&>()))>;

/// Whatever the type of its end.
template <class R>
auto copy_futures(R& futures) {
  std::vector<RangeElement<R>> all;
  const auto end = std::end(futures);
  for (auto at = std::begin(futures); at != end; ++at) all.push_back(*at);
  return all;
}

/// For each distinct future, in order of first appearance: where it stands, and whether it is done.
struct WaitedFuture {
  std::size_t index = 0;
  bool done = false;
};
std::vector<WaitedFuture> wait_for(const std::vector<AnyFuture>& futures,
                                   std::optional<Duration> timeout, ReturnWhen until);

/// Hands out the indices of distinct futures as they are done. One thread at a time.
class CompletionQueue {
 public:
  CompletionQueue(const std::vector<AnyFuture>& futures, std::optional<Duration> timeout);
  CompletionQueue(CompletionQueue&&) noexcept;
  CompletionQueue& operator=(CompletionQueue&&) noexcept;
  ~CompletionQueue();
  /// The next one; nullopt after the last. Throws TimeoutError "2 (of 4) futures unfinished".
  std::optional<std::size_t> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace detail

/// Something that can be iterated and yields futures.
template <class R>
concept FutureRange = std::is_base_of_v<AnyFuture, detail::RangeElement<R>>;

/// Each distinct future in one of both, in the order of the input.
template <class F>
struct WaitResult {
  std::vector<F> done;      // finished or cancelled
  std::vector<F> not_done;  // the others
};

/// Waits until the condition holds or `timeout` has passed; never throws for a time-out.
/// `first_completed` returns all that are done by then; `first_exception` is not triggered by a
/// cancelled future.
template <FutureRange R>
auto wait(R&& futures, std::optional<Duration> timeout = {},
          ReturnWhen until = ReturnWhen::all_completed) {
  using F = detail::RangeElement<R>;
  const std::vector<F> all = detail::copy_futures(futures);
  const std::vector<AnyFuture> any(all.begin(), all.end());
  WaitResult<F> result;
  for (const auto& each : detail::wait_for(any, timeout, until)) {
    (each.done ? result.done : result.not_done).push_back(all[each.index]);
  }
  return result;
}

/// Input range over futures in the order of their completion; those that are done come first.
template <class F>
class CompletedRange {
 public:
  /// See as_completed.
  CompletedRange(std::vector<F> futures, std::optional<Duration> timeout)
      : futures_(std::move(futures)),
        queue_(std::vector<AnyFuture>(futures_.begin(), futures_.end()), timeout) {}

  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = F;
    using difference_type = std::ptrdiff_t;
    using pointer = F*;
    using reference = F&;

    iterator() = default;
    explicit iterator(CompletedRange* range) : range_(range) { ++*this; }
    F& operator*() const { return range_->futures_[*at_]; }
    F* operator->() const { return &**this; }
    iterator& operator++() {
      at_ = range_->queue_.next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !at_; }

   private:
    CompletedRange* range_ = nullptr;
    std::optional<std::size_t> at_{};
  };

  /// Waits for the first one; ++ waits for the next one. Call it once.
  iterator begin() { return iterator(this); }
  /// Behind the last one.
  std::default_sentinel_t end() const { return {}; }

 private:
  std::vector<F> futures_;
  detail::CompletionQueue queue_;
};

/// Each future once, as it is done. The clock of `timeout` starts at this call; when it has run out
/// the iteration throws TimeoutError.
template <FutureRange R>
auto as_completed(R&& futures, std::optional<Duration> timeout = {}) {
  using F = detail::RangeElement<R>;
  return CompletedRange<F>(detail::copy_futures(futures), timeout);
}

}  // namespace procfarm
