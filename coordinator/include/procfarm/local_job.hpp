// SPDX-License-Identifier: MIT
// local_job.hpp - a callable with its arguments, to be called in this process, with both types
// forgotten. As with std::thread all are copied or moved into it (string literals become
// std::string) and handed to the function as rvalues. Nothing is encoded but a result that cannot
// be copied, because each call of result() hands out an object of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <procfarm/codec.hpp>
#include <procfarm/errors.hpp>
#include <procfarm/function.hpp>
#include <procfarm/future.hpp>

namespace procfarm::detail {

/// What a call has returned.
struct LocalValue {
  std::shared_ptr<const void> object{};  // null: void, or encoded
  std::string bytes{};
};

/// One thread at a time.
class LocalJob {
 public:
  LocalJob() = default;
  LocalJob(const LocalJob&) = delete;
  LocalJob& operator=(const LocalJob&) = delete;
  virtual ~LocalJob() = default;

  /// Throws what the function throws. `last`: it is not called again and may use its arguments up;
  /// otherwise it works with copies, which needs repeatable().
  virtual LocalValue call(bool last) = 0;
  virtual bool repeatable() const = 0;
};

/// The types that are kept for a call: as they are sent to another process, so that `auto`
/// parameters are the same everywhere; where the function does not take these, decayed.
template <bool as_sent, class... Args>
struct KeptArguments {
  using type = std::tuple<Sent<Args>...>;
};
template <class... Args>
struct KeptArguments<false, Args...> {
  using type = std::tuple<std::decay_t<Args>...>;
};
template <class F, class... Args>
using Kept = typename KeptArguments<std::is_invocable_v<F, Sent<Args>...>, Args...>::type;

/// Calls F with all elements of a tuple of type Kept.
template <class F, class Kept>
struct KeptCall;
template <class F, class... Kept>
struct KeptCall<F, std::tuple<Kept...>> {
  static constexpr bool possible = std::is_invocable_v<F, Kept...>;
  static_assert(possible,
                "procfarm: the callable cannot be called with these arguments; they arrive as "
                "rvalues of their decayed types. For a parameter of type T& pass std::ref(object)");
  using Result =
      std::remove_cvref_t<typename std::conditional_t<possible, std::invoke_result<F, Kept...>,
                                                      std::type_identity<void>>::type>;
};

template <class F, class... Args>
using LocalResult = typename KeptCall<F, Kept<F, Args...>>::Result;

template <class R>
struct CheckLocalResult {
  static_assert(std::is_void_v<R> || copies<R>() || Travels<R>,
                "procfarm: each call of result() hands out an object of its own, so the result "
                "must be copyable or travel. Return std::shared_ptr<T>");
  static constexpr bool ok = true;
};

template <class R>
LocalValue keep_result(R&& result) {
  using Value = std::remove_cvref_t<R>;
  if constexpr (copies<Value>()) {
    return {std::make_shared<const Value>(std::forward<R>(result)), {}};
  } else {
    Writer writer;
    try {
      codec<Value>::encode(writer, result);
    } catch (...) {
      throw_serialization_error("encode result", {});
    }
    return {nullptr, std::string(writer.bytes())};
  }
}

template <class F, class Arguments>
class BoundJob final : public LocalJob {
 public:
  using Result = typename KeptCall<F, Arguments>::Result;
  static_assert(CheckLocalResult<Result>::ok);

  template <class Callable, class... Args>
  explicit BoundJob(Callable&& function, Args&&... arguments)
      : function_(std::forward<Callable>(function)), arguments_(std::forward<Args>(arguments)...) {}

  LocalValue call(bool last) override {
    if constexpr (can_repeat) {
      if (!last) return invoke(F(function_), Arguments(arguments_));
    }
    return invoke(std::move(function_), std::move(arguments_));
  }
  bool repeatable() const override { return can_repeat; }

 private:
  static constexpr bool can_repeat = copies<F>() && copies<Arguments>();

  static LocalValue invoke(F&& function, Arguments&& arguments) {
    if constexpr (std::is_void_v<Result>) {
      std::apply(std::move(function), std::move(arguments));
      return {};
    } else {
      return keep_result(std::apply(std::move(function), std::move(arguments)));
    }
  }

  F function_;
  Arguments arguments_;
};

/// `fn`, known at compile time, as a function object.
template <auto fn>
struct StaticFunction {
  template <class... Args>
  requires std::invocable<decltype(fn), Args...>
  decltype(auto) operator()(Args&&... args) const {
    return std::invoke(fn, std::forward<Args>(args)...);
  }
};

template <class F, class... Args>
std::unique_ptr<LocalJob> make_local_job(F&& function, Args&&... args) {
  using Callable = std::decay_t<F>;
  return std::make_unique<BoundJob<Callable, Kept<Callable, Args...>>>(std::forward<F>(function),
                                                                       std::forward<Args>(args)...);
}

}  // namespace procfarm::detail
