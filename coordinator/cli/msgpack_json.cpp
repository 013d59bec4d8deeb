// SPDX-License-Identifier: MIT
// msgpack_json.cpp - one value after the other through the strict Reader, which bounds depth and
// lengths.
#include "msgpack_json.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>
#include <procfarm/codec/reader.hpp>
#include <procfarm/codec/scalars.hpp>
#include <utility>

namespace procfarm::cli {
namespace {

Value read_value(Reader& reader);

/// A float as the shortest decimal that means it: 0.1F becomes 0.1, not 0.10000000149.
Value number(double value) { return value; }
Value number(long double value) { return static_cast<double>(value); }
Value number(float value) {
  const std::string text = fmt::format("{}", value);
  double shortest = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), shortest);
  return error == std::errc() ? shortest : static_cast<double>(value);
}
template <class Integer>
Value number(Integer value) {
  return value;
}

template <class T>
Value array_of(std::string_view bytes) {
  Value array = Value::array();
  for (std::size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
    T element;
    std::memcpy(&element, bytes.data() + at, sizeof(T));
    array.push_back(number(element));
  }
  return array;
}

Value read_integer(Reader& reader) {
  const auto tag = static_cast<unsigned char>(*reader.position());
  const bool may_be_negative = tag >= 0xd0;
  if (may_be_negative) return reader.integer<std::int64_t>();
  return reader.integer<std::uint64_t>();
}

Value read_floating(Reader& reader) {
  constexpr unsigned char float32 = 0xca;
  if (static_cast<unsigned char>(*reader.position()) == float32) {
    return number(reader.floating<float>());
  }
  return reader.floating<double>();
}

template <class... Ts>
bool read_block(Reader::Extension extension, Value& value) {
  return ((extension.type == detail::block_type<Ts>() && extension.bytes.size() % sizeof(Ts) == 0 &&
           (value = array_of<Ts>(extension.bytes), true)) ||
          ...);
}

Value read_extension(Reader& reader) {
  const Reader::Extension extension = reader.extension();
  // A single long double has the same form as a block of one; that it is no array is not told.
  Value value;
  if (read_block<std::int16_t, std::uint16_t, std::int32_t, std::uint32_t, std::int64_t,
                 std::uint64_t, float, double, long double>(extension, value)) {
    return value;
  }
  value["extension"] = extension.type;
  value["bytes"] = array_of<std::uint8_t>(extension.bytes);
  return value;
}

Value read_array(Reader& reader) {
  const Reader::Nested nested(reader);
  Value array = Value::array();
  for (std::size_t left = reader.array_header(); left != 0; --left) {
    array.push_back(read_value(reader));
  }
  return array;
}

Value read_map(Reader& reader) {
  const Reader::Nested nested(reader);
  // Not by operator[], which looks for each key among all that are there.
  Value::object_t object;
  for (std::size_t left = reader.map_header(); left != 0; --left) {
    const Value key = read_value(reader);
    std::string name = key.is_string() ? key.get<std::string>() : json_text(key);
    object.std::vector<Value::object_t::value_type>::emplace_back(std::move(name),
                                                                  read_value(reader));
  }
  return object;
}

Value read_value(Reader& reader) {
  using Kind = Reader::Kind;
  switch (reader.peek()) {
    case Kind::boolean: return reader.boolean();
    case Kind::integer: return read_integer(reader);
    case Kind::floating: return read_floating(reader);
    case Kind::string: return std::string(reader.string());
    case Kind::binary: return array_of<std::uint8_t>(reader.binary());
    case Kind::extension: return read_extension(reader);
    case Kind::array: return read_array(reader);
    case Kind::map: return read_map(reader);
    case Kind::nil:
    case Kind::invalid:
    case Kind::end: break;
  }
  reader.nil();  // throws unless it is nil
  return nullptr;
}

}  // namespace

Value json_of_msgpack(std::string_view bytes) {
  Reader reader(bytes);
  Value value = read_value(reader);
  reader.finish();
  return value;
}

std::string msgpack_of_json(const Value& value) {
  std::string bytes;
  Value::to_msgpack(value, bytes);
  return bytes;
}

}  // namespace procfarm::cli
