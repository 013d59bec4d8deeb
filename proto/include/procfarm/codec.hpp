// SPDX-License-Identifier: MIT
// codec.hpp - values to bytes and back. The bytes are msgpack, so that other languages can read
// them; our own encodings (codec/*.hpp) cover what the standard library has, and any other type
// goes the way of msgpack-c: MSGPACK_DEFINE, MSGPACK_DEFINE_MAP or an adaptor. Strict where
// msgpack-c is lenient: sizes must fit exactly, nothing may trail, no length is believed before the
// bytes are there. Header-only, needs no libprocfarm.
#pragma once

#include <complex>
#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <typeinfo>

#include <msgpack.hpp>

#include <procfarm/codec/composites.hpp>
#include <procfarm/codec/containers.hpp>
#include <procfarm/codec/msgpack_sizes.hpp>
#include <procfarm/codec/reader.hpp>
#include <procfarm/codec/scalars.hpp>
#include <procfarm/codec/writer.hpp>
#include <procfarm/detail/type_name.hpp>

namespace procfarm {

namespace detail {

template <class T>
concept MsgpackMembers = std::default_initializable<T> &&
    requires(const T& from, T& to, msgpack::packer<Writer>& packer, const msgpack::object& object) {
  from.msgpack_pack(packer);
  to.msgpack_unpack(object);
};

template <class T>
concept MsgpackAdaptor = packs_by_adaptor<T> &&
    (msgpack::has_as<T>::value ||
     (std::default_initializable<T> &&
      !std::is_base_of_v<msgpack::v1::adaptor::convert<T>, msgpack::adaptor::convert<T>>));

/// What msgpack-c brings itself and codec/ does not.
template <class T>
inline constexpr bool msgpack_builtin = false;
template <class T>
inline constexpr bool msgpack_builtin<std::complex<T>> = true;

template <class T>
concept KnownToMsgpack = MsgpackMembers<T> || MsgpackAdaptor<T> || msgpack_builtin<T>;

/// Converts the next value of `reader`; arrays and maps of a fixed size must have exactly that.
template <class T>
T decode_with_msgpack(Reader& reader) {
  Reader whole = reader;
  reader.skip();
  const auto size = static_cast<std::size_t>(reader.position() - whole.position());
  const msgpack::unpack_limit limit(size, size, size, size, size, Reader::depth_limit);
  msgpack::zone zone(std::min<std::size_t>(MSGPACK_ZONE_CHUNK_SIZE, 64 + 24 * size));
  const msgpack::object object = msgpack::unpack(
      zone, whole.position(), size, [](auto, std::size_t, void*) { return true; }, nullptr, limit);
  // The library says only "std::bad_cast" here: it is told again with the type's name.
  try {
    T value = object.as<T>();
    check_sizes(whole, object, value);
    return value;
  } catch (const msgpack::type_error&) {
    whole.fail("expected " + std::string(type_name<T>) + ", got something else");
  }
}

}  // namespace detail

/// Any type without a codec of its own goes through msgpack-c.
template <class T>
struct codec {
  static constexpr bool travels = detail::KnownToMsgpack<T>;  // false: T cannot be sent

  /// Appends `value`. Throws what msgpack-c throws.
  static void encode(Writer& writer, const T& value) {
    static_assert(travels,
                  "procfarm: this type cannot travel to another process. Write MSGPACK_DEFINE("
                  "members...) in it, if msgpack-c knows its members (enums: MSGPACK_ADD_ENUM; no "
                  "durations, paths, variants), or specialise procfarm::codec for it");
    msgpack::packer<Writer>(writer).pack(value);
  }
  /// Reads the next value. Throws CodecError.
  static T decode(Reader& reader) {
    static_assert(travels,
                  "procfarm: this type cannot travel from another process. Write MSGPACK_DEFINE("
                  "members...) in it, if msgpack-c knows its members (enums: MSGPACK_ADD_ENUM; no "
                  "durations, paths, variants), or specialise procfarm::codec for it");
    return detail::decode_with_msgpack<T>(reader);
  }
};

/// Appends `value`. Throws CodecError or what its codec throws.
template <class T>
void encode(Writer& writer, const T& value) {
  codec<std::decay_t<T>>::encode(writer, value);
}

/// Reads the next value. Throws CodecError.
template <class T>
T decode(Reader& reader) {
  return codec<T>::decode(reader);
}

/// The one value that `data` holds, all of it; T may be void for nil. Throws CodecError.
template <class T>
T decode_all(const char* data, std::size_t size) {
  Reader reader(data, size);
  if constexpr (std::is_void_v<T>) {
    reader.nil();
    reader.finish();
  } else {
    T value = codec<T>::decode(reader);
    reader.finish();
    return value;
  }
}

}  // namespace procfarm
