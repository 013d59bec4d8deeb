// SPDX-License-Identifier: MIT
// map_result.hpp - the results of one map(), in the order of its inputs. Reads ahead in the inputs
// as far as MapOptions::buffersize allows, in the thread that iterates. A process pool answers
// several items with one future: a chunk (map_chunks.hpp).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <procfarm/codec.hpp>
#include <procfarm/duration.hpp>
#include <procfarm/future.hpp>
#include <procfarm/map_chunks.hpp>
#include <procfarm/options.hpp>

namespace procfarm {
namespace detail {

/// What reading the inputs of a map has thrown; it ends the iteration when its turn comes.
struct InputError {
  std::exception_ptr cause;
};

}  // namespace detail

/// Input range of results (std::monostate for void functions): single pass, move-only. The first
/// error ends the iteration, after all results before it, and cancels what has not begun; so does
/// destroying the range. One thread at a time.
template <class R>
class MapResult {
 public:
  /// What the iteration yields.
  using value_type = std::conditional_t<std::is_void_v<R>, std::monostate, R>;
  /// Submits for the next item of the inputs, or for several (a chunk); nullopt: they are at their
  /// end. Throws InputError for
  /// what the inputs throw.
  using Source = std::function<std::optional<Future<R>>()>;

  /// For executors: submits as far ahead as the options say, in this thread.
  MapResult(Source source, const MapOptions& options)
      : source_(std::move(source)), options_(options) {
    if (options.timeout) deadline_ = detail::from_now(*options.timeout);
    fill();
    if (refused_) throw_ending();  // map() itself throws it
  }
  MapResult(MapResult&& other) noexcept
      : source_(std::exchange(other.source_, nullptr)),
        options_(other.options_),
        deadline_(other.deadline_),
        ahead_(std::exchange(other.ahead_, {})),
        values_(std::exchange(other.values_, std::nullopt)),
        ending_(std::exchange(other.ending_, nullptr)),
        current_(std::move(other.current_)) {}
  MapResult& operator=(MapResult&& other) noexcept {
    if (this == &other) return *this;
    cancel_rest();
    source_ = std::exchange(other.source_, nullptr);
    options_ = other.options_;
    deadline_ = other.deadline_;
    ahead_ = std::exchange(other.ahead_, {});
    values_ = std::exchange(other.values_, std::nullopt);
    ending_ = std::exchange(other.ending_, nullptr);
    current_ = std::move(other.current_);
    return *this;
  }
  ~MapResult() { cancel_rest(); }

  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = typename MapResult::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = value_type*;
    using reference = value_type&;

    iterator() = default;
    explicit iterator(MapResult* result) : result_(result) { ++*this; }
    value_type& operator*() const { return *result_->current_; }
    value_type* operator->() const { return &**this; }
    iterator& operator++() {
      result_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !result_->current_; }

   private:
    MapResult* result_ = nullptr;
  };

  /// Waits for the first result; ++ waits for the next one. Both throw what the task threw, and
  /// TimeoutError when MapOptions::timeout has passed. Call it once.
  iterator begin() { return iterator(this); }
  /// Behind the last result.
  std::default_sentinel_t end() const { return {}; }

 private:
  void fill() {
    while (source_ && (!options_.buffersize || ahead_.size() < *options_.buffersize)) {
      std::optional<Future<R>> next = read_source();
      if (!next) source_ = nullptr;
      if (next) ahead_.push_back(*std::move(next));
    }
  }

  /// What it throws ends the iteration when its turn comes.
  std::optional<Future<R>> read_source() {
    try {
      return source_();
    } catch (const detail::InputError& error) {
      ending_ = error.cause;
    } catch (...) {
      ending_ = std::current_exception();
      refused_ = true;
    }
    return std::nullopt;
  }

  [[noreturn]] void throw_ending() {
    const std::exception_ptr ending = std::exchange(ending_, nullptr);
    cancel_rest();
    std::rethrow_exception(ending);
  }

  void advance() {
    if (!take_number()) advance_further();
  }

  // Apart: what numbers pass by many millions of times is small then.
  [[gnu::noinline]] void advance_further() {
    current_.reset();
    try {
      while (!ahead_.empty() && !current_) take_next();
    } catch (...) {
      cancel_rest();
      throw;
    }
    if (!current_ && ending_) throw_ending();
  }

  std::optional<Duration> time_left() const {
    if (!deadline_) return std::nullopt;
    return std::max<Duration>(*deadline_ - std::chrono::steady_clock::now(), {});
  }

  /// Most values are numbers, and most come at their full width.
  bool take_number() {
    if constexpr (detail::FixedWidth<R>) {
      if (!values_ || values_->left == 0) return false;
      if (R value; values_->reader.fixed(value)) {
        --values_->left;
        current_ = value;
        return true;
      }
    }
    return false;
  }

  /// Reads one result, or finds that the first future has no more.
  void take_next() {
    if (!values_ && !detail::is_chunk(ahead_.front())) {
      take_result(ahead_.front());
    } else {
      if (!values_) values_ = detail::open_chunk(ahead_.front(), time_left());
      if (values_->left > 0) return take_value();
      const std::vector<detail::FutureState*> rest = detail::close_chunk(ahead_.front());
      values_.reset();
      // They go where this one was.
      for (auto each = rest.rbegin(); each != rest.rend(); ++each) {
        ahead_.emplace(std::next(ahead_.begin()), *each);
      }
    }
    ahead_.pop_front();
    fill();
  }

  void take_result(const Future<R>& future) {
    const auto wait = [&] {
      const std::optional<Duration> limit = time_left();
      return limit ? future.result(*limit) : future.result();
    };
    if constexpr (std::is_void_v<R>) {
      wait();
      current_.emplace();
    } else {
      current_.emplace(wait());
    }
  }

  void take_value() {
    --values_->left;
    try {
      if constexpr (std::is_void_v<R>) {
        values_->reader.nil();
        current_.emplace();
      } else if constexpr (Travels<R>) {
        current_.emplace(codec<R>::decode(values_->reader));
      }
    } catch (const std::exception&) {
      detail::throw_undecodable_item(ahead_.front(), values_->left);
    }
  }

  void cancel_rest() noexcept {
    source_ = nullptr;
    ending_ = nullptr;
    for (auto each = ahead_.rbegin(); each != ahead_.rend(); ++each) {
      detail::is_chunk(*each) ? detail::abandon_chunk(*each) : void(each->cancel());
    }
    ahead_.clear();
    values_.reset();
  }

  Source source_;
  MapOptions options_;
  std::optional<std::chrono::steady_clock::time_point> deadline_{};
  std::deque<Future<R>> ahead_;
  std::optional<detail::ChunkValues> values_{};  // of ahead_.front()
  std::exception_ptr ending_;                    // what reading the inputs or submitting has thrown
  bool refused_ = false;                         // it was submitting
  std::optional<value_type> current_{};
};

}  // namespace procfarm
