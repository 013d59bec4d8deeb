// SPDX-License-Identifier: MIT
// call.hpp - a function with its arguments, to be run elsewhere: initializer, preload.
#pragma once

#include <string>
#include <utility>

#include <procfarm/errors.hpp>
#include <procfarm/function.hpp>

namespace procfarm {

/// A value; empty when default constructed. Made by call<f>(args...) or call(lambda, args...).
class Call {
 public:
  Call() = default;
  /// A call of `function` with arguments that are encoded already.
  Call(FunctionId function, std::string arguments)
      : set_(true), function_(function), arguments_(std::move(arguments)) {}

  explicit operator bool() const noexcept { return set_; }  // false: empty
  /// Which function is called, as it is named on the wire.
  FunctionId function() const noexcept { return function_; }
  /// As the function's thunk decodes them.
  const std::string& arguments() const noexcept { return arguments_; }

 private:
  bool set_ = false;
  FunctionId function_;
  std::string arguments_;
};

namespace detail {

/// What stops an encoding or decoding is for the user a SerializationError, whatever it was.
/// `TypedCall` is a StaticCall or an ObjectCall.
template <class TypedCall, class... Args>
void encode_arguments(Writer& writer, Args&&... args) {
  try {
    TypedCall::encode(writer, std::forward<Args>(args)...);
  } catch (...) {
    throw_serialization_error("encode arguments", {});
  }
}

/// The result of a finished task; throws SerializationError with the stage "decode result".
template <class Result>
Result decode_result(const char* data, std::size_t size, const TaskRef& task) {
  try {
    return decode_all<Result>(data, size);
  } catch (...) {
    throw_serialization_error("decode result", task);
  }
}

template <class TypedCall, class... Args>
Call make_call(Args&&... args) {
  Writer writer;
  encode_arguments<TypedCall>(writer, std::forward<Args>(args)...);
  return Call(TypedCall::id(), std::string(writer.bytes()));
}

}  // namespace detail

/// Throws SerializationError when the arguments cannot be encoded.
template <auto fn, class... Args>
Call call(Args&&... args) {
  return detail::make_call<StaticCall<fn, Args...>>(std::forward<Args>(args)...);
}
/// The same for a lambda without captures or another empty function object.
template <class F, class... Args>
Call call(F, Args&&... args) {
  return detail::make_call<ObjectCall<F, Args...>>(std::forward<Args>(args)...);
}

}  // namespace procfarm
