// SPDX-License-Identifier: MIT
// msgpack_sizes.hpp - finds what msgpack-c overlooks when it converts: arrays and maps with more or
// fewer values than MSGPACK_DEFINE, MSGPACK_DEFINE_MAP, a tuple or an array of the standard library
// has, and elements that come twice. Goes by types and does not pack the value again to compare: an
// unordered container may have another order then, and an adaptor may write something else. Types
// with a hand-written adaptor or msgpack_unpack check what they read themselves.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <msgpack.hpp>

#include <procfarm/codec/reader.hpp>

namespace procfarm::detail {

/// Adaptors of users stand in the newest namespace of msgpack; where none does, that one only
/// passes on to the oldest.
template <class T>
inline constexpr bool packs_by_adaptor =
    !std::is_base_of_v<msgpack::v1::adaptor::pack<T>, msgpack::adaptor::pack<T>>;

class MemberSizes;

/// T's members are told by MSGPACK_DEFINE or MSGPACK_DEFINE_MAP: what these write takes any packer
/// and any object.
template <class T>
concept DefinedMembers =
    std::is_class_v<T> && !packs_by_adaptor<T> &&
    requires(const T& value, MemberSizes& packer, int* object, msgpack::zone& zone) {
  value.msgpack_pack(packer);
  value.msgpack_object(object, zone);
};

/// How a T looks in msgpack. `fixed`: something in it has a size that the bytes must have too.
/// `check` throws CodecError, by way of `reader`, unless `object`, which `value` was made from, has
/// it.
template <class T>
struct MsgpackSizes {
  static constexpr bool fixed = DefinedMembers<T>;
  static void check(const Reader& reader, const msgpack::object& object, const T& value);
};

template <class T>
void check_sizes(const Reader& reader, const msgpack::object& object, const T& value) {
  if constexpr (MsgpackSizes<T>::fixed) MsgpackSizes<T>::check(reader, object, value);
}

inline bool is_array(const msgpack::object& object) { return object.type == msgpack::type::ARRAY; }
inline bool is_map(const msgpack::object& object) { return object.type == msgpack::type::MAP; }

/// Of an array or map.
inline void expect_size(const Reader& reader, const msgpack::object& object, std::size_t size) {
  const std::size_t got = is_map(object) ? object.via.map.size : object.via.array.size;
  const std::string kind = is_map(object) ? "map of " : "array of ";
  if (got == size) return;
  reader.fail("expected " + kind + std::to_string(size) + ", got " + kind + std::to_string(got));
}

/// In place of a packer: is told of the members of one object, in their order.
class MemberSizes {
 public:
  MemberSizes(const Reader& reader, const msgpack::object& object)
      : reader_(reader), object_(object) {}

  void pack_array(std::size_t count) { expect_size(reader_, object_, count); }
  void pack_map(std::size_t count) { expect_size(reader_, object_, count); }
  /// A member; for maps its name before it.
  template <class T>
  void pack(const T& part) {
    if (!is_map(object_)) {
      if (next_ < object_.via.array.size) check_sizes(reader_, object_.via.array.ptr[next_], part);
      ++next_;
    } else if (member_ != nullptr) {
      check_sizes(reader_, *std::exchange(member_, nullptr), part);
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      member_ = &find(part);
    }
  }

 private:
  const msgpack::object& find(std::string_view name) const {
    const msgpack::object_map& map = object_.via.map;
    for (const msgpack::object_kv* each = map.ptr; each != map.ptr + map.size; ++each) {
      if (std::string_view(each->key.via.str.ptr, each->key.via.str.size) == name) return each->val;
    }
    reader_.fail("expected a member '" + std::string(name) + "', which is missing");
  }

  const Reader& reader_;
  const msgpack::object& object_;
  std::size_t next_ = 0;                     // of an array
  const msgpack::object* member_ = nullptr;  // of a map: named, not yet seen
};

template <class T>
void MsgpackSizes<T>::check(const Reader& reader, const msgpack::object& object, const T& value) {
  MemberSizes members(reader, object);
  value.msgpack_pack(members);
}

/// An array of exactly what the type has.
template <class Tuple>
struct TupleSizes {
  static constexpr bool fixed = true;
  static void check(const Reader& reader, const msgpack::object& object, const Tuple& value) {
    if (!is_array(object)) return;
    expect_size(reader, object, std::tuple_size_v<Tuple>);
    const msgpack::object* part = object.via.array.ptr;
    std::apply([&](const auto&... parts) { (check_sizes(reader, *part++, parts), ...); }, value);
  }
};
template <class First, class Second>
struct MsgpackSizes<std::pair<First, Second>> : TupleSizes<std::pair<First, Second>> {};
template <class... Ts>
struct MsgpackSizes<std::tuple<Ts...>> : TupleSizes<std::tuple<Ts...>> {};

template <class Array, std::size_t count>
struct ArraySizes {
  static constexpr bool fixed = true;
  static void check(const Reader& reader, const msgpack::object& object, const Array& value) {
    if (!is_array(object)) return;  // of bytes
    expect_size(reader, object, count);
    for (std::size_t i = 0; i < count; ++i) {
      check_sizes(reader, object.via.array.ptr[i], value[i]);
    }
  }
};
template <class T, std::size_t count>
struct MsgpackSizes<std::array<T, count>> : ArraySizes<std::array<T, count>, count> {};
template <class T, std::size_t count>
struct MsgpackSizes<T[count]> : ArraySizes<T[count], count> {};

/// As many as there are; only what is in them matters.
template <class Sequence>
struct SequenceSizes {
  using Element = typename Sequence::value_type;
  static constexpr bool fixed = MsgpackSizes<Element>::fixed;
  static void check(const Reader& reader, const msgpack::object& object, const Sequence& value) {
    if (!is_array(object)) return;
    const msgpack::object* element = object.via.array.ptr;
    const msgpack::object* const end = element + object.via.array.size;
    for (const Element& each : value) {
      if (element != end) check_sizes(reader, *element++, each);
    }
  }
};
template <class T, class A>
struct MsgpackSizes<std::vector<T, A>> : SequenceSizes<std::vector<T, A>> {};
template <class A>
struct MsgpackSizes<std::vector<bool, A>> : MsgpackSizes<bool> {};
template <class T, class A>
struct MsgpackSizes<std::list<T, A>> : SequenceSizes<std::list<T, A>> {};
template <class T, class A>
struct MsgpackSizes<std::forward_list<T, A>> : SequenceSizes<std::forward_list<T, A>> {};
template <class T, class A>
struct MsgpackSizes<std::deque<T, A>> : SequenceSizes<std::deque<T, A>> {};

/// Where an element has gone is not told by its place: it is converted once more, if there is
/// anything in it to check.
template <class T>
void check_converted(const Reader& reader, const msgpack::object& object) {
  if constexpr (MsgpackSizes<T>::fixed) check_sizes(reader, object, object.as<T>());
}

template <class Set>
struct SetSizes {
  static constexpr bool fixed = true;
  static void check(const Reader& reader, const msgpack::object& object, const Set& value) {
    if (!is_array(object)) return;
    expect_size(reader, object, value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
      check_converted<typename Set::value_type>(reader, object.via.array.ptr[i]);
    }
  }
};
template <class T, class C, class A>
struct MsgpackSizes<std::set<T, C, A>> : SetSizes<std::set<T, C, A>> {};
template <class T, class C, class A>
struct MsgpackSizes<std::multiset<T, C, A>> : SetSizes<std::multiset<T, C, A>> {};
template <class T, class H, class E, class A>
struct MsgpackSizes<std::unordered_set<T, H, E, A>> : SetSizes<std::unordered_set<T, H, E, A>> {};
template <class T, class H, class E, class A>
struct MsgpackSizes<std::unordered_multiset<T, H, E, A>>
    : SetSizes<std::unordered_multiset<T, H, E, A>> {};

template <class Map, bool distinct>
struct MapSizes {
  using Key = typename Map::key_type;
  using Value = typename Map::mapped_type;
  static constexpr bool fixed = true;
  static void check(const Reader& reader, const msgpack::object& object, const Map& value) {
    if (!is_map(object)) return;
    expect_size(reader, object, value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
      check_pair(reader, object.via.map.ptr[i], value);
    }
  }

 private:
  static void check_pair(const Reader& reader, const msgpack::object_kv& pair, const Map& value) {
    check_converted<Key>(reader, pair.key);
    if constexpr (!distinct) {
      check_converted<Value>(reader, pair.val);
    } else if constexpr (MsgpackSizes<Value>::fixed) {
      const auto found = value.find(pair.key.as<Key>());
      if (found != value.end()) check_sizes(reader, pair.val, found->second);
    }
  }
};
template <class K, class V, class C, class A>
struct MsgpackSizes<std::map<K, V, C, A>> : MapSizes<std::map<K, V, C, A>, true> {};
template <class K, class V, class C, class A>
struct MsgpackSizes<std::multimap<K, V, C, A>> : MapSizes<std::multimap<K, V, C, A>, false> {};
template <class K, class V, class H, class E, class A>
struct MsgpackSizes<std::unordered_map<K, V, H, E, A>>
    : MapSizes<std::unordered_map<K, V, H, E, A>, true> {};
template <class K, class V, class H, class E, class A>
struct MsgpackSizes<std::unordered_multimap<K, V, H, E, A>>
    : MapSizes<std::unordered_multimap<K, V, H, E, A>, false> {};

/// Nil or the value.
template <class Optional, class T>
struct OptionalSizes {
  static constexpr bool fixed = MsgpackSizes<T>::fixed;
  static void check(const Reader& reader, const msgpack::object& object, const Optional& value) {
    if (value) check_sizes(reader, object, *value);
  }
};
template <class T>
struct MsgpackSizes<std::optional<T>> : OptionalSizes<std::optional<T>, T> {};
template <class T, class D>
struct MsgpackSizes<std::unique_ptr<T, D>> : OptionalSizes<std::unique_ptr<T, D>, T> {};
template <class T>
struct MsgpackSizes<std::shared_ptr<T>> : OptionalSizes<std::shared_ptr<T>, T> {};

}  // namespace procfarm::detail
