// SPDX-License-Identifier: MIT
// map_inputs.hpp - the ranges that a map() walks, whatever executor runs it: each item of the input
// becomes a future when MapResult asks for the next one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

#include <procfarm/detail/signature.hpp>
#include <procfarm/future.hpp>
#include <procfarm/map_chunks.hpp>
#include <procfarm/map_result.hpp>
#include <procfarm/options.hpp>

namespace procfarm::detail {

template <class Range>
concept Iterable = requires(std::remove_reference_t<Range>& range) {
  *std::begin(range);
  std::end(range);
};

template <class Range>
struct CheckRange {
  static_assert(Iterable<Range>,
                "procfarm: map takes ranges, with begin() and end(), and calls the function with "
                "the items of each. For a single call use submit");
};

/// In place of the items of what is no range: fits any parameter.
struct RefusedItem {
  template <class T>
  operator T() const;
};

/// Does it yield what stands for a value, as the elements of std::vector<bool> do? That refers to
/// the range, which may be gone when the call is made.
template <class Iterator, class Item>
constexpr bool yields_proxies() {
  if constexpr (std::is_reference_v<Item> || !requires { typename std::iter_value_t<Iterator>; }) {
    return false;
  } else {
    using Value = std::iter_value_t<Iterator>;
    return !std::is_same_v<std::remove_cv_t<Item>, Value> && std::is_convertible_v<Item, Value>;
  }
}

template <class Range>
constexpr auto input_item() {
  if constexpr (Iterable<Range>) {
    using Iterator = decltype(std::begin(std::declval<std::remove_reference_t<Range>&>()));
    using Item = decltype(*std::declval<Iterator&>());
    if constexpr (yields_proxies<Iterator, Item>()) {
      return std::type_identity<std::iter_value_t<Iterator>>();
    } else {
      return std::type_identity<Item>();
    }
  } else {
    refuse<CheckRange<Range>>();
    return std::type_identity<RefusedItem>();
  }
}

/// What the function of a map is called with for each item of a range.
template <class Range>
using InputItem = typename decltype(input_item<Range>())::type;

/// The inputs of a map, walked together until the shortest ends. Lvalues are referred to, rvalues
/// kept.
template <class... Ranges>
class ZippedInputs {
 public:
  explicit ZippedInputs(Ranges&&... ranges)
      : ranges_(std::forward<Ranges>(ranges)...), at_(begins(ranges_)), end_(ends(ranges_)) {}

  /// Calls `use` with the next item of each range; false at the end of the shortest.
  template <class Use>
  bool next(Use&& use) {
    return next_item(std::forward<Use>(use), std::index_sequence_for<Ranges...>{});
  }

 private:
  using Kept = std::tuple<Ranges...>;
  static auto begins(Kept& kept) {
    return std::apply([](auto&... each) { return std::tuple(std::begin(each)...); }, kept);
  }
  static auto ends(Kept& kept) {
    return std::apply([](auto&... each) { return std::tuple(std::end(each)...); }, kept);
  }
  template <class Use, std::size_t... I>
  bool next_item(Use&& use, std::index_sequence<I...>) {
    if (advance_) (++std::get<I>(at_), ...);
    advance_ = false;
    const bool ended = (... || (std::get<I>(at_) == std::get<I>(end_)));
    if (ended) return false;
    use(static_cast<InputItem<Ranges>>(*std::get<I>(at_))...);
    advance_ = true;
    return true;
  }

  Kept ranges_;
  decltype(begins(std::declval<Kept&>())) at_;
  decltype(ends(std::declval<Kept&>())) end_;
  bool advance_ = false;
};

template <class T>
inline constexpr bool is_map_options = std::is_same_v<std::remove_cvref_t<T>, MapOptions>;

/// Submits for the next items with `start`; nullopt at the end of the inputs. What these throw
/// becomes an InputError.
template <class R, class Inputs, class Start>
std::optional<Future<R>> start_next(Inputs& inputs, const Start& start) {
  std::optional<Future<R>> future;
  std::exception_ptr refused;
  bool more = false;
  try {
    more = inputs.next([&](auto&&... items) {
      try {
        future = start(std::forward<decltype(items)>(items)...);
      } catch (...) {
        refused = std::current_exception();
      }
    });
  } catch (...) {
    throw InputError{std::current_exception()};
  }
  if (refused) std::rethrow_exception(refused);
  return more ? std::move(future) : std::nullopt;
}

/// How many items there are at most, if the ranges tell.
template <class... Ranges>
std::optional<std::size_t> count_inputs(const Ranges&... ranges) {
  std::optional<std::size_t> least;
  const auto look = [&least](const auto& range) {
    if constexpr (requires { std::size(range); }) {
      const auto size = static_cast<std::size_t>(std::size(range));
      least = least ? std::min(*least, size) : size;
    }
  };
  (look(ranges), ...);
  return least;
}

/// Adds the next items of the inputs. Throws what these throw.
template <class C, class Inputs>
void fill_chunk(Inputs& inputs, ChunkFiller& chunk) {
  if constexpr (C::fixed_width) {
    chunk.fill_fixed(C::width(), [&](char* to) {
      return inputs.next([to](auto&&... items) { C::encode_fixed(to, items...); });
    });
  } else {
    bool more = true;
    while (more && !chunk.full()) {
      more = inputs.next([&](auto&&... items) {
        chunk.add([&](Writer& to) { C::encode(to, std::forward<decltype(items)>(items)...); });
      });
    }
  }
}

/// Submits the next items of the inputs as one chunk; nullopt at their end. `C` is the typed call.
template <class C, class Inputs>
std::optional<Future<typename C::Result>> start_chunk(Inputs& inputs, ChunkFiller& chunk,
                                                      std::exception_ptr& broken) {
  try {
    if (broken == nullptr) fill_chunk<C>(inputs, chunk);
  } catch (...) {  // told when the items before it are on their way
    broken = std::current_exception();
  }
  if (!chunk.empty()) return Future<typename C::Result>(chunk.submit());
  if (broken) throw InputError{broken};
  return std::nullopt;
}

/// A map: `start(items...)` submits one call. Throws std::invalid_argument for buffersize 0.
template <class R, class Start, class... Ranges>
MapResult<R> map_inputs(const MapOptions& options, Start start, Ranges&&... ranges) {
  if (options.buffersize == std::size_t{0}) {
    throw std::invalid_argument("buffersize must be greater than 0");
  }
  if constexpr ((Iterable<Ranges> && ...)) {
    auto inputs = std::make_shared<ZippedInputs<Ranges...>>(std::forward<Ranges>(ranges)...);
    return MapResult<R>(
        [start = std::move(start), inputs] { return start_next<R>(*inputs, start); }, options);
  } else {
    return MapResult<R>(nullptr, options);  // refused by InputItem
  }
}

}  // namespace procfarm::detail
