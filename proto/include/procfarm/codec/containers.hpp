// SPDX-License-Identifier: MIT
// containers.hpp - how the standard containers look: a sequence or set is an array, a map is a map;
// contiguous numbers are one block, see scalars.hpp. Tuples, optionals and variants:
// composites.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <list>
#include <map>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <procfarm/codec/scalars.hpp>

namespace procfarm {

namespace detail {

template <class T>
void encode_contiguous(Writer& writer, std::span<const T> values) {
  if constexpr (ByteLike<T>) {
    writer.binary(values.data(), values.size());
  } else if constexpr (Block<T>) {
    writer.extension(block_type<T>(), values.data(), values.size_bytes());
  } else {
    writer.array_header(values.size());
    for (const T& value : values) codec<T>::encode(writer, value);
  }
}

/// How many elements to make room for at once: a count is not yet a proof of that much data.
inline std::size_t first_reserve(std::size_t count) {
  return std::min(count, std::size_t{1} << 16);
}

template <class Sequence>
struct SequenceCodec {
  using Element = typename Sequence::value_type;
  static constexpr bool travels = Encodable<Element>;
  static void encode(Writer& writer, const Sequence& values) {
    writer.array_header(static_cast<std::size_t>(std::distance(values.begin(), values.end())));
    for (const Element& value : values) codec<Element>::encode(writer, value);
  }
};

template <class Sequence>
struct ListCodec : SequenceCodec<Sequence> {
  static Sequence decode(Reader& reader) {
    const Reader::Nested nested(reader);
    Sequence result;
    for (std::size_t left = reader.array_header(); left != 0; --left) {
      result.push_back(codec<typename Sequence::value_type>::decode(reader));
    }
    return result;
  }
};

/// Distinct keys are demanded where the container keeps only one of each.
template <class Set, bool distinct>
struct SetCodec : SequenceCodec<Set> {
  static Set decode(Reader& reader) {
    const Reader::Nested nested(reader);
    Set result;
    const std::size_t count = reader.array_header();
    for (std::size_t i = 0; i < count; ++i) {
      result.insert(codec<typename Set::value_type>::decode(reader));
      if (distinct && result.size() != i + 1) reader.fail("a set with an element twice");
    }
    return result;
  }
};

template <class Map, bool distinct>
struct MapCodec {
  using Key = typename Map::key_type;
  using Value = typename Map::mapped_type;
  static constexpr bool travels = all_encodable<Key, Value>;
  static void encode(Writer& writer, const Map& values) {
    writer.map_header(values.size());
    for (const auto& [key, value] : values) {
      codec<Key>::encode(writer, key);
      codec<Value>::encode(writer, value);
    }
  }
  static Map decode(Reader& reader) {
    const Reader::Nested nested(reader);
    Map result;
    const std::size_t count = reader.map_header();
    for (std::size_t i = 0; i < count; ++i) {
      Key key = codec<Key>::decode(reader);
      result.emplace(std::move(key), codec<Value>::decode(reader));
      if (distinct && result.size() != i + 1) reader.fail("a map with a key twice");
    }
    return result;
  }
};

}  // namespace detail

template <class T, class Allocator>
struct codec<std::vector<T, Allocator>> {
  using Vector = std::vector<T, Allocator>;
  static constexpr bool travels = Encodable<T>;
  static void encode(Writer& writer, const Vector& values) {
    if constexpr (std::same_as<T, bool>) {
      writer.array_header(values.size());
      for (const bool value : values) writer.boolean(value);
    } else {
      detail::encode_contiguous<T>(writer, values);
    }
  }
  static Vector decode(Reader& reader) {
    if constexpr (detail::Contiguous<T>) {
      if (detail::block_comes_next<T>(reader)) {
        const auto block = detail::read_block<T>(reader);
        return Vector(block.begin(), block.end());
      }
    }
    const Reader::Nested nested(reader);
    const std::size_t count = reader.array_header();
    Vector result;
    result.reserve(detail::first_reserve(count));
    for (std::size_t i = 0; i < count; ++i) result.push_back(codec<T>::decode(reader));
    return result;
  }
};

template <class T, std::size_t count>
struct codec<std::array<T, count>> {
  using Array = std::array<T, count>;
  static constexpr bool travels = Encodable<T>;
  static void encode(Writer& writer, const Array& values) {
    detail::encode_contiguous<T>(writer, values);
  }
  static Array decode(Reader& reader) {
    if constexpr (detail::Contiguous<T>) {
      if (detail::block_comes_next<T>(reader)) {
        const auto block = detail::read_block<T>(reader);
        if (block.size() != count) {
          reader.fail("expected " + std::to_string(count) + " elements, got " +
                      std::to_string(block.size()));
        }
        Array result;
        std::copy(block.begin(), block.end(), result.begin());
        return result;
      }
    }
    const Reader::Nested nested(reader);
    reader.array_header_exactly(count);
    return [&]<std::size_t... index>(std::index_sequence<index...>) {
      return Array{{(static_cast<void>(index), codec<T>::decode(reader))...}};
    }
    (std::make_index_sequence<count>());
  }
};

/// A span is sent like a vector; a function's parameter of this type sees the elements in place.
template <class T>
struct codec<std::span<const T>> {
  static constexpr bool travels = Encodable<T>;
  static void encode(Writer& writer, std::span<const T> values) {
    detail::encode_contiguous<T>(writer, values);
  }
};

/// Text of other characters than char is a block of them.
template <class Character, class Traits, class Allocator>
struct codec<std::basic_string<Character, Traits, Allocator>> {
  using String = std::basic_string<Character, Traits, Allocator>;
  static void encode(Writer& writer, const String& text) {
    detail::encode_contiguous<Character>(writer, text);
  }
  static String decode(Reader& reader) {
    const auto block = detail::read_block<Character>(reader);
    return String(block.begin(), block.end());
  }
};

template <class T, class A>
struct codec<std::list<T, A>> : detail::ListCodec<std::list<T, A>> {};
template <class T, class A>
struct codec<std::deque<T, A>> : detail::ListCodec<std::deque<T, A>> {};
template <class T, class C, class A>
struct codec<std::set<T, C, A>> : detail::SetCodec<std::set<T, C, A>, true> {};
template <class T, class C, class A>
struct codec<std::multiset<T, C, A>> : detail::SetCodec<std::multiset<T, C, A>, false> {};
template <class T, class H, class E, class A>
struct codec<std::unordered_set<T, H, E, A>>
    : detail::SetCodec<std::unordered_set<T, H, E, A>, true> {};
template <class T, class H, class E, class A>
struct codec<std::unordered_multiset<T, H, E, A>>
    : detail::SetCodec<std::unordered_multiset<T, H, E, A>, false> {};
template <class K, class V, class C, class A>
struct codec<std::map<K, V, C, A>> : detail::MapCodec<std::map<K, V, C, A>, true> {};
template <class K, class V, class C, class A>
struct codec<std::multimap<K, V, C, A>> : detail::MapCodec<std::multimap<K, V, C, A>, false> {};
template <class K, class V, class H, class E, class A>
struct codec<std::unordered_map<K, V, H, E, A>>
    : detail::MapCodec<std::unordered_map<K, V, H, E, A>, true> {};
template <class K, class V, class H, class E, class A>
struct codec<std::unordered_multimap<K, V, H, E, A>>
    : detail::MapCodec<std::unordered_multimap<K, V, H, E, A>, false> {};

}  // namespace procfarm
