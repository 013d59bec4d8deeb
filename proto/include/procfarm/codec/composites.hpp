// SPDX-License-Identifier: MIT
// composites.hpp - how types made of others look: a pair or tuple is an array of exactly its size,
// an optional or owning pointer nil or the value, a variant [index, value].
#pragma once

#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>

#include <procfarm/codec/scalars.hpp>

namespace procfarm {

namespace detail {

/// True if a T may look like nil, so that an optional<T> needs a mark of its own.
template <class T>
inline constexpr bool looks_like_nil = std::same_as<T, std::monostate>;
template <class T>
inline constexpr bool looks_like_nil<std::optional<T>> = true;
template <class T>
inline constexpr bool looks_like_nil<std::unique_ptr<T>> = true;
template <class T>
inline constexpr bool looks_like_nil<std::shared_ptr<T>> = true;

/// Reads the mark of an optional value: true if the value follows.
template <class T>
bool value_follows(Reader& reader) {
  if constexpr (looks_like_nil<T>) {
    const std::size_t count = reader.array_header();
    if (count > 1) reader.fail("expected array of 0 or 1");
    return count == 1;
  } else {
    if (reader.peek() != Reader::Kind::nil) return true;
    reader.nil();
    return false;
  }
}

/// Optional<T> is an optional or an owning pointer: nil or the value ([] or [value] if a T may be
/// nil itself).
template <class Optional, class T>
struct OptionalCodec {
  static constexpr bool travels = Encodable<T>;
  static void encode(Writer& writer, const Optional& value) {
    if constexpr (looks_like_nil<T>) writer.array_header(value ? 1 : 0);
    if (value) {
      codec<T>::encode(writer, *value);
    } else if constexpr (!looks_like_nil<T>) {
      writer.nil();
    }
  }
  static Optional decode(Reader& reader) {
    const Reader::Nested nested(reader);
    if (!value_follows<T>(reader)) return Optional();
    if constexpr (std::same_as<Optional, std::optional<T>>) {
      return codec<T>::decode(reader);
    } else {
      return Optional(std::make_unique<T>(codec<T>::decode(reader)));
    }
  }
};

}  // namespace detail

template <class T>
struct codec<std::optional<T>> : detail::OptionalCodec<std::optional<T>, T> {};
template <class T>
struct codec<std::unique_ptr<T>> : detail::OptionalCodec<std::unique_ptr<T>, std::remove_cv_t<T>> {
};
template <class T>
struct codec<std::shared_ptr<T>> : detail::OptionalCodec<std::shared_ptr<T>, std::remove_cv_t<T>> {
};

template <class First, class Second>
struct codec<std::pair<First, Second>> {
  static constexpr bool travels = detail::all_encodable<First, Second>;
  static void encode(Writer& writer, const std::pair<First, Second>& value) {
    writer.array_header(2);
    codec<std::remove_cv_t<First>>::encode(writer, value.first);
    codec<std::remove_cv_t<Second>>::encode(writer, value.second);
  }
  static std::pair<First, Second> decode(Reader& reader) {
    const Reader::Nested nested(reader);
    reader.array_header_exactly(2);
    return {codec<std::remove_cv_t<First>>::decode(reader),
            codec<std::remove_cv_t<Second>>::decode(reader)};
  }
};

template <class... Ts>
struct codec<std::tuple<Ts...>> {
  static constexpr bool travels = detail::all_encodable<Ts...>;
  static void encode(Writer& writer, const std::tuple<Ts...>& value) {
    writer.array_header(sizeof...(Ts));
    std::apply(
        [&](const Ts&... parts) { (codec<std::remove_cv_t<Ts>>::encode(writer, parts), ...); },
        value);
  }
  static std::tuple<Ts...> decode(Reader& reader) {
    const Reader::Nested nested(reader);
    reader.array_header_exactly(sizeof...(Ts));
    return std::tuple<Ts...>{codec<std::remove_cv_t<Ts>>::decode(reader)...};
  }
};

template <class... Ts>
struct codec<std::variant<Ts...>> {
  using Variant = std::variant<Ts...>;
  static constexpr bool travels = detail::all_encodable<Ts...>;
  static void encode(Writer& writer, const Variant& value) {
    if (value.valueless_by_exception()) throw CodecError("a variant without a value");
    writer.array_header(2);
    writer.unsigned_integer(value.index());
    std::visit([&]<class T>(const T& held) { codec<T>::encode(writer, held); }, value);
  }
  static Variant decode(Reader& reader) {
    const Reader::Nested nested(reader);
    reader.array_header_exactly(2);
    const auto index = reader.integer<std::size_t>();
    if (index >= sizeof...(Ts)) {
      reader.fail("expected one of " + std::to_string(sizeof...(Ts)) + " alternatives, got " +
                  std::to_string(index));
    }
    return [&]<std::size_t... indices>(std::index_sequence<indices...>) {
      constexpr Variant (*read[])(Reader&) = {&read_alternative<indices>...};
      return read[index](reader);
    }
    (std::index_sequence_for<Ts...>());
  }

 private:
  template <std::size_t index>
  static Variant read_alternative(Reader& reader) {
    using T = std::remove_cv_t<std::variant_alternative_t<index, Variant>>;
    return Variant(std::in_place_index<index>, codec<T>::decode(reader));
  }
};

}  // namespace procfarm
