// SPDX-License-Identifier: MIT
// register_exception.hpp - lets an exception type of the program's own come back from a worker as
// itself: register_exception<MyError>("MyError"), at namespace scope or before init().
#pragma once

#include <concepts>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <procfarm/codec.hpp>
#include <procfarm/errors.hpp>

namespace procfarm {

namespace detail {

/// An exception that a task threw, made again. what() is what it was there.
template <class E>
class Rebuilt : public E, public RemoteInfo {
 public:
  Rebuilt(E&& error, RemoteInfo info) : E(std::move(error)), RemoteInfo(std::move(info)) {}
};
template <class E>
requires std::derived_from<E, std::exception>
class Rebuilt<E> : public E, public RemoteInfo {
 public:
  Rebuilt(E&& error, RemoteInfo info) : E(std::move(error)), RemoteInfo(std::move(info)) {}
  const char* what() const noexcept override { return message().c_str(); }
};

/// A registered type with its type forgotten. Lives as long as the program.
struct RegisteredException {
  std::string name;
  const std::type_info* type;
  /// The encoded value of the exception; nullopt if the type does not travel.
  std::optional<std::string> (*encode)(const std::exception_ptr&);
  std::exception_ptr (*rebuild)(const std::optional<std::string>& value, const RemoteInfo& info,
                                const std::exception_ptr& cause);
  RegisteredException* next = nullptr;
};

/// Throws std::logic_error after init(), and when the name or the type is taken.
void enter_exception(RegisteredException& entry);

template <class E>
std::optional<std::string> encode_exception(const std::exception_ptr& error) {
  if constexpr (Travels<E>) {
    try {
      std::rethrow_exception(error);
    } catch (const E& exception) {
      Writer writer;
      codec<E>::encode(writer, exception);
      return std::string(writer.bytes());
    }
  }
  return std::nullopt;
}

template <class E>
E make_exception(const std::optional<std::string>& value, const RemoteInfo& info) {
  if constexpr (Travels<E>) {
    if (value) return decode_all<E>(value->data(), value->size());
  }
  if constexpr (std::is_constructible_v<E, std::string>) {
    return E(info.message());
  } else {
    throw CodecError("the value of " + info.type_name() + " is missing");
  }
}

template <class E>
std::exception_ptr rebuild_exception(const std::optional<std::string>& value,
                                     const RemoteInfo& info, const std::exception_ptr& cause) {
  if constexpr (std::is_final_v<E> || std::is_base_of_v<RemoteInfo, E>) {
    return with_cause(make_exception<E>(value, info), cause);
  } else {
    return with_cause(Rebuilt<E>(make_exception<E>(value, info), info), cause);
  }
}

}  // namespace detail

/// From now on an E that a task throws is rethrown by result() as an E: with its value if it
/// travels, else made from its what(). Returns true, so that it can stand at namespace scope:
///   const bool my_error = procfarm::register_exception<MyError>("MyError");
/// Throws std::logic_error after init() (in workers nothing after it runs), and when the name is
/// taken by another type. One thread at a time.
template <class E>
bool register_exception(std::string_view name) {
  static_assert(std::is_class_v<E>, "procfarm: only a class can be registered as an exception");
  static_assert(Travels<E> || std::is_constructible_v<E, std::string>,
                "procfarm: the exception must travel or have a constructor from std::string");
  static detail::RegisteredException entry{
      std::string(name), &typeid(E), &detail::encode_exception<E>, &detail::rebuild_exception<E>};
  if (entry.name != name) {
    throw std::logic_error("register_exception: " + entry.name + " is already registered, not as " +
                           std::string(name));
  }
  detail::enter_exception(entry);
  return true;
}

}  // namespace procfarm
