// SPDX-License-Identifier: MIT
// arguments.hpp - the arguments of one call as the function takes them: decoded from left to right
// and held for the time of the call. Which types these may be is told by signature.hpp.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <procfarm/codec.hpp>
#include <procfarm/detail/signature.hpp>

namespace procfarm::detail {

/// A span parameter's elements: in place where they lie aligned, copied where they do not.
template <class T>
class SpanArgument {
 public:
  explicit SpanArgument(Reader& reader) {
    if constexpr (Contiguous<T>) {
      if (block_comes_next<T>(reader)) {
        const auto block = read_block<T>(reader);
        if (reinterpret_cast<std::uintptr_t>(block.data()) % alignof(T) == 0) {
          view_ = {reinterpret_cast<const T*>(block.data()), block.size()};
          return;
        }
        owned_ = std::vector<T>(block.begin(), block.end());
        view_ = owned_;
        return;
      }
    }
    if constexpr (std::same_as<T, bool>) {
      const auto values = codec<std::vector<bool>>::decode(reader);
      owned_ = std::make_unique<bool[]>(values.size());
      std::copy(values.begin(), values.end(), owned_.get());
      view_ = {owned_.get(), values.size()};
    } else {
      owned_ = codec<std::vector<T>>::decode(reader);
      view_ = owned_;
    }
  }
  SpanArgument(const SpanArgument&) = delete;
  SpanArgument& operator=(const SpanArgument&) = delete;
  std::span<const T> take() { return view_; }

 private:
  // A vector of bool has no elements that a span could show.
  std::conditional_t<std::same_as<T, bool>, std::unique_ptr<bool[]>, std::vector<T>> owned_;
  std::span<const T> view_;
};

/// One decoded argument, held for the time of the call.
template <class P>
struct Argument {
  using Value = std::remove_cvref_t<P>;
  explicit Argument(Reader& reader) : value(codec<Value>::decode(reader)) {}
  P&& take() { return static_cast<P&&>(value); }
  Value value;
};
template <class P>
requires std::same_as<std::remove_cvref_t<P>, std::string_view>
struct Argument<P> {
  explicit Argument(Reader& reader) : value(reader.string()) {}
  P&& take() { return static_cast<P&&>(value); }
  std::string_view value;
};
template <class P>
requires(is_view<std::remove_cvref_t<P>> &&
         !std::same_as<std::remove_cvref_t<P>, std::string_view>) struct Argument<P>
    : SpanArgument<std::remove_const_t<typename std::remove_cvref_t<P>::element_type>> {
  using SpanArgument<
      std::remove_const_t<typename std::remove_cvref_t<P>::element_type>>::SpanArgument;
};

template <std::size_t position, class P>
struct PlacedArgument : Argument<P> {
  explicit PlacedArgument(Reader& reader) : Argument<P>((reader.name_argument(position), reader)) {}
};

/// All arguments of a call, decoded from left to right; exactly these and nothing behind them.
template <class Positions, class... P>
struct ArgumentPack;
template <std::size_t... index, class... P>
struct ArgumentPack<std::index_sequence<index...>, P...> : PlacedArgument<index + 1, P>... {
  explicit ArgumentPack(Reader& reader) : PlacedArgument<index + 1, P>(reader)... {
    reader.name_argument(0);
    reader.finish();
  }
  template <class Target>
  decltype(auto) call() {
    return Target::call(PlacedArgument<index + 1, P>::take()...);
  }
};

}  // namespace procfarm::detail
