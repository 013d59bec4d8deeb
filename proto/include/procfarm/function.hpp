// SPDX-License-Identifier: MIT
// function.hpp - a function with its parameter types as something that can be called by number.
// Naming submit<f> anywhere in a program enters a typed thunk for f in the module's table before
// main begins; nothing has to be registered by hand. What may be sent is checked in signature.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <procfarm/detail/arguments.hpp>
#include <procfarm/detail/signature.hpp>
#include <procfarm/function_id.hpp>

namespace procfarm {

namespace detail {

template <auto fn>
struct StaticTarget {
  using Callable = decltype(fn);
  static constexpr bool callable = !std::is_member_pointer_v<Callable>;
  template <class... Args>
  static decltype(auto) call(Args&&... args) {
    return fn(std::forward<Args>(args)...);
  }
};

template <class F>
struct ObjectTarget {
  using Callable = F;
  static constexpr bool callable = Stateless<F>;
  template <class... Args>
  static decltype(auto) call(Args&&... args) {
    return F()(std::forward<Args>(args)...);
  }
};

/// Numbers at their full width: those who read many of them (map) need not look at each.
template <class R>
void encode_result(Writer& writer, const R& result) {
  if constexpr (FixedWidth<R>) {
    writer.fixed(result);
  } else {
    codec<R>::encode(writer, result);
  }
}

/// Decodes, calls and encodes; tells the frame where it is.
template <class Target, class R, class... P>
void run_call(CallFrame& frame) {
  frame.stage = Stage::decode_arguments;
  frame.arguments.array_header_exactly(sizeof...(P));
  ArgumentPack<std::index_sequence_for<P...>, P...> arguments(frame.arguments);
  frame.stage = Stage::run;
  if constexpr (std::is_void_v<R>) {
    arguments.template call<Target>();
    frame.stage = Stage::encode_result;
    frame.result.nil();
    if (frame.encoded != nullptr) frame.encoded(frame.context);
  } else {
    const auto& result = arguments.template call<Target>();
    frame.stage = Stage::encode_result;
    encode_result(frame.result, result);
    if (frame.encoded != nullptr) frame.encoded(frame.context);
  }
}

/// The line of one function in its module's table. Hidden for the same reason as the table.
template <class Target, class R, class... P>
struct [[gnu::visibility("hidden")]] Entry {
  static constexpr const char* signature() { return __PRETTY_FUNCTION__; }
  static void thunk(CallFrame & frame) { run_call<Target, R, P...>(frame); }

  static inline constinit FunctionEntry line{&thunk, signature(), nullptr};
  // In a function: initialisers of other files may ask before this one has run.
  static std::uint32_t index() {
    static const std::uint32_t value = enter_function(module_table, line);
    return value;
  }
  static inline const std::uint32_t entered = index();

  static FunctionId id() {
    [[maybe_unused]] const std::uint32_t* const needed = &entered;
    const std::uint32_t at = index();
    return {module_table.number, at};
  }
};

template <class P, class A>
void encode_argument(Writer& writer, A&& argument) {
  using Value = std::remove_cvref_t<P>;
  if constexpr (std::same_as<Value, std::remove_cvref_t<A>>) {
    codec<Value>::encode(writer, argument);
  } else if constexpr (std::same_as<Value, std::string> &&
                       std::is_convertible_v<A, std::string_view>) {
    writer.string(std::forward<A>(argument));
  } else {
    const Value converted = static_cast<Value>(std::forward<A>(argument));
    codec<Value>::encode(writer, converted);
  }
}

template <class Target, class Signature, class... Args>
struct TypedCall;

template <class Target, class R, class... P, class... Args>
struct TypedCall<Target, Signature<R, P...>, Args...> {
  using Result = std::remove_cvref_t<R>;

  static FunctionId id() { return Entry<Target, R, P...>::id(); }

  static void encode(Writer& writer, Args&&... args) {
    writer.array_header(sizeof...(P));
    (encode_argument<P>(writer, std::forward<Args>(args)), ...);
  }

  /// All calls take the same room: numbers for parameters that are numbers.
  static constexpr bool fixed_width = sizeof...(P) > 0 && sizeof...(P) < 16 &&
                                      (FixedWidth<std::remove_cvref_t<P>> && ...) &&
                                      (std::is_arithmetic_v<std::remove_cvref_t<Args>> && ...);
  static constexpr std::size_t width() {
    if constexpr (fixed_width) return (1 + ... + fixed_size<std::remove_cvref_t<P>>);
    return 0;
  }
  /// Writes width() bytes that are what encode() might have written.
  static void encode_fixed(char* to,
                           const std::remove_cvref_t<Args>&... args) requires fixed_width {
    *to++ = static_cast<char>(0x90 | sizeof...(P));
    ((write_fixed(to, static_cast<std::remove_cvref_t<P>>(args)),
      to += fixed_size<std::remove_cvref_t<P>>),
     ...);
  }
};

/// Stands in for a call that has been refused, so that the refusal is the only error.
template <class R>
struct RefusedCall {
  using Result = R;
  static FunctionId id() { return {}; }
  static constexpr bool fixed_width = false;
  template <class... Args>
  static void encode(Writer&, Args&&...) {}
};

/// A TypedCall; refuses parameters, arguments and results that cannot be sent.
template <class Target, class... Args, class R, class... P, std::size_t... index>
constexpr auto typed_call(Signature<R, P...>*, std::index_sequence<index...>) {
  using Refused = std::type_identity<RefusedCall<std::remove_cvref_t<R>>>;
  if constexpr (!(Receivable<P> && ...)) {
    refuse<std::conditional_t<Receivable<P>, Accepted, CheckParameter<index + 1, P>>...>();
    return Refused();
  } else if constexpr (!Returnable<R>) {
    refuse<CheckResult<R>>();
    return Refused();
  } else if constexpr (sizeof...(P) != sizeof...(Args)) {
    refuse<CheckArgumentCount<sizeof...(Args), sizeof...(P)>>();
    return Refused();
  } else if constexpr (!(FitsParameter<Args, P> && ...)) {
    refuse<std::conditional_t<FitsParameter<Args, P>, Accepted,
                              CheckArgument<index + 1, Args, P>>...>();
    return Refused();
  } else {
    return std::type_identity<TypedCall<Target, Signature<R, P...>, Args...>>();
  }
}
template <class Target, class... Args, class R, class... P>
constexpr auto typed_call(Signature<R, P...>* signature) {
  return typed_call<Target, Args...>(signature, std::index_sequence_for<P...>());
}
template <class Target, class... Args>
constexpr auto typed_call(NoSignature*) {
  refuse<CheckCall<typename Target::Callable, Sent<Args>...>>();
  return std::type_identity<RefusedCall<void>>();
}

/// What a refused callable would return, so that the code around it compiles on.
template <class F, class... Args>
constexpr auto intended_result() {
  if constexpr (std::is_invocable_v<F, Sent<Args>...>) {
    return std::type_identity<std::remove_cvref_t<std::invoke_result_t<F, Sent<Args>...>>>();
  } else {
    return std::type_identity<void>();
  }
}

template <class Target, class... Args>
constexpr auto call_of() {
  using F = typename Target::Callable;
  if constexpr (Target::callable) {
    typename decltype(signature_of<F, Args...>())::type* signature = nullptr;
    return typed_call<Target, Args...>(signature);
  } else {
    refuse<CheckCallable<F>>();
    using Intended = typename decltype(intended_result<F, Args...>())::type;
    return std::type_identity<RefusedCall<Intended>>();
  }
}

template <class Target, class... Args>
using CallOf = typename decltype(call_of<Target, Args...>())::type;

}  // namespace detail

/// The call of `fn` with arguments of types Args (as forwarding references deduce them):
///   Result                           what it returns, void included
///   FunctionId id()                  its name on the wire
///   void encode(Writer&, Args&&...)  the arguments, converted to the parameters' types
///   fixed_width, encode_fixed()      the same where each call takes width() bytes
template <auto fn, class... Args>
struct StaticCall : detail::CallOf<detail::StaticTarget<fn>, Args...> {};

/// The same for a lambda without captures or an empty function object, of type F.
template <class F, class... Args>
struct ObjectCall : detail::CallOf<detail::ObjectTarget<F>, Args...> {};

}  // namespace procfarm
