// SPDX-License-Identifier: MIT
// without_blocks.cpp - encoded values for readers that know msgpack but not our blocks of numbers.
#include <array>
#include <cstdint>

#include <procfarm/module.hpp>

namespace procfarm {

namespace {

template <class T>
bool expand(Reader& reader, Writer& writer, std::int8_t type) {
  if (type != detail::block_type<T>()) return false;
  const auto block = detail::read_block<T>(reader);
  writer.array_header(block.size());
  for (const T value : block) codec<T>::encode(writer, value);
  return true;
}

void copy_extension(Reader& reader, Writer& writer) {
  Reader ahead = reader;
  const Reader::Extension extension = ahead.extension();
  const std::int8_t type = extension.type;
  const bool expanded =
      expand<std::int16_t>(reader, writer, type) || expand<std::uint16_t>(reader, writer, type) ||
      expand<std::int32_t>(reader, writer, type) || expand<std::uint32_t>(reader, writer, type) ||
      expand<std::int64_t>(reader, writer, type) || expand<std::uint64_t>(reader, writer, type) ||
      expand<float>(reader, writer, type) || expand<double>(reader, writer, type);
  if (expanded) return;
  writer.extension(type, extension.bytes.data(), extension.bytes.size());
  reader = ahead;
}

}  // namespace

std::string without_blocks(std::string_view encoded) {
  Reader check(encoded);
  check.skip();
  check.finish();
  Reader reader(encoded);
  Writer writer;
  while (reader.remaining() != 0) {
    const char* const begin = reader.position();
    const Reader::Kind kind = reader.peek();
    if (kind == Reader::Kind::extension) {
      copy_extension(reader, writer);
      continue;
    }
    // Only the head of a container: what is in it follows as values of their own.
    if (kind == Reader::Kind::array) {
      reader.array_header();
    } else if (kind == Reader::Kind::map) {
      reader.map_header();
    } else {
      reader.skip();
    }
    writer.write(begin, static_cast<std::size_t>(reader.position() - begin));
  }
  return std::string(writer.bytes());
}

}  // namespace procfarm
