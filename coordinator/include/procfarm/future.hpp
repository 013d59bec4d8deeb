// SPDX-License-Identifier: MIT
// future.hpp - the handle on one task's result. The result of another process travels encoded and
// is decoded anew by each call of result(), in the caller's thread; one of this process is copied.
#pragma once

#include <concepts>
#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <procfarm/any_future.hpp>
#include <procfarm/codec.hpp>

namespace procfarm {
namespace detail {

template <class T>
constexpr bool copies();
template <class T, std::size_t... I>
constexpr bool parts_copy(std::index_sequence<I...>) {
  return (copies<std::remove_cv_t<std::tuple_element_t<I, T>>>() && ...);
}

template <class T>
concept Container = requires(const T& all) {
  typename T::value_type;
  all.begin();
}
&&!std::same_as<T, typename T::value_type>;

/// Can a T really be copied? Containers say so whatever they contain.
template <class T>
constexpr bool copies() {
  if constexpr (!std::is_copy_constructible_v<T>) {
    return false;
  } else if constexpr (Container<T>) {
    return copies<std::remove_cv_t<typename T::value_type>>();
  } else if constexpr (requires { std::tuple_size<T>::value; }) {
    return parts_copy<T>(std::make_index_sequence<std::tuple_size_v<T>>());
  } else {
    return true;
  }
}

}  // namespace detail

/// A copyable handle on a task that yields T (void allowed). Any thread.
template <class T>
class Future : public AnyFuture {
 public:
  using value_type = T;  // what result() yields
  using AnyFuture::AnyFuture;

  /// Waits for the value; throws what the task threw, or what became of it (see errors.hpp). Again
  /// and again, from any thread; each call decodes or throws an object of its own.
  T result() const { return value_of(wait_value(std::nullopt)); }
  /// The same, throws TimeoutError after `timeout` (zero or less polls); the task goes on.
  T result(Duration timeout) const { return value_of(wait_value(timeout)); }
  /// Waits; null on success; a value that cannot be decoded here is the same error as in result().
  std::exception_ptr exception() const { return checked_error(std::nullopt); }
  /// The same, throws TimeoutError after `timeout`; zero or less polls.
  std::exception_ptr exception(Duration timeout) const { return checked_error(timeout); }
  /// As AnyFuture's, with this future's own type.
  template <class F>
  void add_done_callback(F callback) const {
    add_callback(detail::callback_with(*this, std::move(callback)));
  }

 private:
  T value_of(detail::ValueView value) const {
    if constexpr (std::is_void_v<T>) {
      return;
    } else {
      if constexpr (detail::copies<T>()) {
        if (value.local != nullptr) return *static_cast<const T*>(value.local);
      }
      if constexpr (Travels<T>) {
        try {
          return decode_all<T>(value.bytes.data(), value.bytes.size());
        } catch (const std::exception&) {
          throw_undecodable();
        }
      }
      std::terminate();  // a type that does not travel is made in this process only, and is local
    }
  }

  std::exception_ptr checked_error(std::optional<Duration> timeout) const {
    if (std::exception_ptr failed = error(timeout)) return failed;
    try {
      const detail::ValueView value = wait_value(timeout);
      if (value.local == nullptr) (void)value_of(value);
    } catch (...) {
      return std::current_exception();
    }
    return nullptr;
  }
};

}  // namespace procfarm

/// @cond
template <class T>
struct std::hash<procfarm::Future<T>> : std::hash<procfarm::AnyFuture> {};
/// @endcond
