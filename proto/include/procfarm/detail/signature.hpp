// SPDX-License-Identifier: MIT
// signature.hpp - which parameters a callable has, which of them can be sent, and what a user is
// told at compile time about one that cannot. The failing assertion stands in a template whose
// arguments are the parameter's position (from 1) and type, so compilers print both.
// tests/compile/refusals.cpp has a wrong program for each message.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <procfarm/codec.hpp>

namespace procfarm::detail {

template <class R, class... P>
struct Signature {};

/// What a value of type A is sent as where the function does not say: literals become strings,
/// references to elements of std::vector<bool> become bool.
template <class A>
struct SentType {
  using type = std::decay_t<A>;
};
template <class A>
requires std::same_as < std::decay_t<A>,
const char* > || std::same_as<std::decay_t<A>, char*> struct SentType<A> {
  using type = std::string;
};
template <class A>
requires std::same_as<std::decay_t<A>, std::vector<bool>::reference>
struct SentType<A> {
  using type = bool;
};
template <class A>
using Sent = typename SentType<A>::type;

template <class F>
struct KnownSignature;
template <class R, class... P>
struct KnownSignature<R (*)(P...)> {
  using type = Signature<R, P...>;
};
template <class R, class... P>
struct KnownSignature<R (*)(P...) noexcept> {
  using type = Signature<R, P...>;
};
template <class R, class C, class... P>
struct KnownSignature<R (C::*)(P...)> {
  using type = Signature<R, P...>;
};
template <class R, class C, class... P>
struct KnownSignature<R (C::*)(P...) noexcept> {
  using type = Signature<R, P...>;
};
template <class R, class C, class... P>
struct KnownSignature<R (C::*)(P...) const> {
  using type = Signature<R, P...>;
};
template <class R, class C, class... P>
struct KnownSignature<R (C::*)(P...) const noexcept> {
  using type = Signature<R, P...>;
};

/// Of a callable that cannot be called with the arguments given.
struct NoSignature {};

/// The signature of F for these arguments: its own, or for `auto` parameters and overloads the one
/// that the decayed argument types give.
template <class F, class... Args>
constexpr auto signature_of() {
  if constexpr (requires { typename KnownSignature<F>::type; }) {
    return std::type_identity<typename KnownSignature<F>::type>();
  } else if constexpr (requires { typename KnownSignature<decltype(&F::operator())>::type; }) {
    return std::type_identity<typename KnownSignature<decltype(&F::operator())>::type>();
  } else if constexpr (std::is_invocable_v<F, Sent<Args>...>) {
    return std::type_identity<Signature<std::invoke_result_t<F, Sent<Args>...>, Sent<Args>...>>();
  } else {
    return std::type_identity<NoSignature>();
  }
}

template <class T>
inline constexpr bool is_mutable_span = false;
template <class T, std::size_t extent>
inline constexpr bool is_mutable_span<std::span<T, extent>> = !std::is_const_v<T>;
template <class T>
inline constexpr bool is_fixed_span = false;
template <class T, std::size_t extent>
inline constexpr bool is_fixed_span<std::span<T, extent>> = extent != std::dynamic_extent;
template <class T>
inline constexpr bool is_view = std::same_as<T, std::string_view>;
template <class T>
inline constexpr bool is_view<std::span<const T>> = true;

template <class Parameter>
inline constexpr bool is_mutable_reference =
    std::is_lvalue_reference_v<Parameter> && !std::is_const_v<std::remove_reference_t<Parameter>>;
template <class T>
inline constexpr bool is_pointer = std::is_pointer_v<T> || std::is_member_pointer_v<T>;

// What is allowed is told by the concepts. A Check is instantiated only for what they refuse and
// has nothing but assertions, of which one fails: its message is then the first error, and the only
// one.

template <class Parameter>
concept Receivable =
    !is_mutable_reference<Parameter> && !is_pointer<std::remove_cvref_t<Parameter>> &&
    (is_view<std::remove_cvref_t<Parameter>> || Travels<std::remove_cvref_t<Parameter>>);

template <std::size_t position, class Parameter>
struct CheckParameter {
  using Value = std::remove_cvref_t<Parameter>;
  static constexpr bool pointer = is_pointer<Value>;
  static constexpr bool reference = !pointer && is_mutable_reference<Parameter>;
  static constexpr bool span = !pointer && !reference && is_mutable_span<Value>;
  static_assert(!reference,
                "procfarm: a parameter of type T& would change a copy in another process. Take it "
                "by value or const T&, and return what changes");
  static_assert(!pointer,
                "procfarm: a raw pointer means nothing in another process. Take std::string, "
                "std::string_view, std::vector<T>, std::span<const T> or std::optional<T>");
  static_assert(!span,
                "procfarm: elements of a span cannot be changed from another process. Take "
                "std::span<const T>, and return what changes");
  static constexpr bool fixed_span = !pointer && !reference && !span && is_fixed_span<Value>;
  static_assert(!fixed_span,
                "procfarm: a span of a fixed size cannot be sent. Take std::span<const T>, or "
                "std::array<T, size>");
  static_assert(pointer || reference || span || fixed_span || Receivable<Parameter>,
                "procfarm: this parameter's type cannot travel to another process. Write "
                "MSGPACK_DEFINE(members...) in it, if msgpack-c knows its members (enums: "
                "MSGPACK_ADD_ENUM; no durations, paths, variants), or specialise procfarm::codec "
                "for it");
};

template <class Argument, class Parameter>
concept FitsParameter =
    std::same_as<std::remove_cvref_t<Parameter>, std::remove_cvref_t<Argument>> ||
    std::is_convertible_v<Argument, std::remove_cvref_t<Parameter>>;

template <std::size_t position, class Argument, class Parameter>
struct CheckArgument {
  static_assert(FitsParameter<Argument, Parameter>,
                "procfarm: this argument cannot be converted to the type of the parameter");
};

template <std::size_t arguments, std::size_t parameters>
struct CheckArgumentCount {
  static_assert(arguments == parameters,
                "procfarm: the number of arguments is not the number of parameters (default "
                "arguments are not filled in: give all of them)");
};

template <class T>
inline constexpr bool is_reference_like =
    is_view<T> || is_mutable_span<T> || is_fixed_span<T> || is_pointer<T>;

template <class Returned>
concept Returnable = std::is_void_v<Returned> ||
    (!is_reference_like<std::remove_cvref_t<Returned>> && Travels<std::remove_cvref_t<Returned>>);

template <class Returned>
struct CheckResult {
  static constexpr bool refers = is_reference_like<std::remove_cvref_t<Returned>>;
  static_assert(!refers,
                "procfarm: a view or pointer cannot be returned from another process. Return "
                "std::string or std::vector<T>");
  static_assert(refers || Returnable<Returned>,
                "procfarm: the result's type cannot travel from another process. Write "
                "MSGPACK_DEFINE(members...) in it, if msgpack-c knows its members (enums: "
                "MSGPACK_ADD_ENUM; no durations, paths, variants), or specialise procfarm::codec "
                "for it");
};

template <class F>
inline constexpr bool is_function = std::is_function_v<std::remove_pointer_t<F>>;

/// A callable that is known by its type alone.
template <class F>
concept Stateless = !is_function<F> && !std::is_member_pointer_v<F> && std::is_empty_v<F> &&
                    std::is_default_constructible_v<F>;

template <class F>
struct CheckCallable {
  static constexpr bool function = is_function<F>;
  static constexpr bool member = std::is_member_pointer_v<F>;
  static constexpr bool state = !function && !member && !std::is_empty_v<F>;
  static_assert(!function,
                "procfarm: an address of a function means nothing in another process. Pass the "
                "function as a template argument: submit<f>(args...), map<f>(...), call<f>(...)");
  static_assert(!member,
                "procfarm: a member cannot be called in another process. Pass a lambda that takes "
                "the object: submit([](const Thing& thing) { return thing.size(); }, thing)");
  static_assert(
      !state,
      "procfarm: a lambda that captures cannot be sent, nor another object that holds something. "
      "Pass what it needs as arguments: submit([](int x, int y) { ... }, x, y)");
  static_assert(function || member || state || Stateless<F>,
                "procfarm: a function object is made anew in the worker and needs a default "
                "constructor");
};

template <class F, class... SentTypes>
struct CheckCall {
  static_assert(std::is_invocable_v<F, SentTypes...>,
                "procfarm: the callable cannot be called with these arguments; they arrive as "
                "rvalues of their decayed types");
};

/// In place of a Check that would pass.
struct Accepted {};

/// Instantiates each Check; their assertions say the rest.
template <class... Checks>
constexpr void refuse() {
  ((void)sizeof(Checks), ...);
}

}  // namespace procfarm::detail
