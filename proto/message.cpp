// SPDX-License-Identifier: MIT
// message.cpp - headers to bytes and back: an array [kind, fields...] of exactly known
// length.
#include <procfarm/wire/message.hpp>

#include <cstring>
#include <span>
#include <type_traits>

#include <procfarm/codec.hpp>
#include <procfarm/wire/seat.hpp>

namespace procfarm::wire {
namespace {

constexpr std::size_t max_batch = slot_count;
constexpr std::size_t max_modules = 1024;

template <class... Fields>
std::string packed(int kind, const Fields&... fields) {
  Writer writer;
  writer.array_header(1 + sizeof...(fields));
  writer.signed_integer(kind);
  (codec<Fields>::encode(writer, fields), ...);
  return std::string(writer.bytes());
}

// A column is one binary block of fixed-width integers; both ends are little-endian machines.
template <class T>
std::string_view column_bytes(const std::vector<T>& column) {
  return {reinterpret_cast<const char*>(column.data()), column.size() * sizeof(T)};
}

template <class T>
std::vector<T> read_column(Reader& reader) {
  const std::string_view bytes = reader.binary();
  if (bytes.size() % sizeof(T) != 0 || bytes.size() / sizeof(T) > max_batch) {
    reader.fail("a column of " + std::to_string(bytes.size()) + " bytes");
  }
  std::vector<T> column(bytes.size() / sizeof(T));
  if (!bytes.empty()) std::memcpy(column.data(), bytes.data(), bytes.size());
  return column;
}

template <class T>
void write_column(Writer& writer, const std::vector<T>& column) {
  const std::string_view bytes = column_bytes(column);
  writer.binary(bytes.data(), bytes.size());
}

std::string encode_run(const Run& run) {
  Writer writer;
  writer.array_header(6);
  writer.signed_integer(1);
  writer.unsigned_integer(run.first_sequence);
  write_column(writer, run.tasks);
  write_column(writer, run.attempts);
  write_column(writer, run.functions);
  write_column(writer, run.sizes);
  return std::string(writer.bytes());
}

Run read_run(Reader& reader) {
  Run run;
  run.first_sequence = reader.integer<std::uint64_t>();
  run.tasks = read_column<std::uint64_t>(reader);
  run.attempts = read_column<std::uint32_t>(reader);
  run.functions = read_column<std::uint64_t>(reader);
  run.sizes = read_column<std::uint32_t>(reader);
  const std::size_t count = run.tasks.size();
  if (run.attempts.size() != count || run.functions.size() != count || run.sizes.size() != count) {
    reader.fail("columns of different lengths");
  }
  return run;
}

std::string encode_modules(const Modules& message) {
  Writer writer;
  writer.array_header(3);
  writer.signed_integer(0);
  writer.unsigned_integer(message.first);
  encode(writer, message.modules);
  return std::string(writer.bytes());
}

Modules read_modules(Reader& reader) {
  Modules message;
  message.first = reader.integer<std::uint32_t>();
  message.modules = decode_modules(reader);
  return message;
}

Hello read_hello(Reader& reader) {
  Hello hello;
  hello.version = reader.integer<std::uint32_t>();
  hello.token = reader.binary();
  hello.life.seat = reader.integer<std::uint32_t>();
  hello.life.incarnation = reader.integer<std::uint32_t>();
  hello.pid = reader.integer<std::int32_t>();
  return hello;
}

std::string encode_hello(const Hello& hello) {
  Writer writer;
  writer.array_header(6);
  writer.signed_integer(0);
  writer.unsigned_integer(hello.version);
  writer.binary(hello.token.data(), hello.token.size());
  writer.unsigned_integer(hello.life.seat);
  writer.unsigned_integer(hello.life.incarnation);
  writer.signed_integer(hello.pid);
  return std::string(writer.bytes());
}

// Reads [kind, ...], checks the arity that belongs to the kind, and that nothing trails.
template <class Message, class Read>
Message read_message(const char* data, std::size_t size, std::span<const std::size_t> arities,
                     Read read) {
  Reader reader(data, size);
  const std::size_t count = reader.array_header();
  const auto kind = reader.integer<std::uint8_t>();
  if (kind >= arities.size()) reader.fail("message of unknown kind " + std::to_string(kind));
  if (count != arities[kind]) reader.fail("message with " + std::to_string(count) + " fields");
  Message message = read(kind, reader);
  reader.finish();
  return message;
}

}  // namespace

void encode(Writer& writer, const std::vector<ModuleName>& modules) {
  writer.array_header(2 * modules.size());
  for (const ModuleName& each : modules) {
    writer.string(each.build_id);
    writer.unsigned_integer(each.digest);
  }
}

std::vector<ModuleName> decode_modules(Reader& reader) {
  const std::size_t fields = reader.array_header();
  if (fields % 2 != 0 || fields / 2 > max_modules) reader.fail("a malformed list of modules");
  std::vector<ModuleName> modules;
  for (std::size_t i = 0; i < fields / 2; ++i) {
    ModuleName name;
    name.build_id = reader.string();
    name.digest = reader.integer<std::uint64_t>();
    modules.push_back(std::move(name));
  }
  return modules;
}

std::string encode(const ToWorker& message) {
  switch (message.index()) {
    case 0: return encode_modules(std::get<Modules>(message));
    case 1: return encode_run(std::get<Run>(message));
    default: return packed(static_cast<int>(message.index()));
  }
}

std::string encode(const FromWorker& message) {
  if (const auto* hello = std::get_if<Hello>(&message)) return encode_hello(*hello);
  if (const auto* failed = std::get_if<Failed>(&message)) return packed(2, failed->failure);
  return packed(static_cast<int>(message.index()));
}

ToWorker decode_to_worker(const char* data, std::size_t size) {
  constexpr std::size_t arities[] = {3, 6, 1};
  return read_message<ToWorker>(data, size, arities, [](int kind, Reader& reader) -> ToWorker {
    if (kind == 0) return read_modules(reader);
    if (kind == 1) return read_run(reader);
    return Leave{};
  });
}

FromWorker decode_from_worker(const char* data, std::size_t size) {
  constexpr std::size_t arities[] = {6, 1, 2};
  return read_message<FromWorker>(data, size, arities, [](int kind, Reader& reader) -> FromWorker {
    if (kind == 0) return read_hello(reader);
    if (kind == 1) return Ready{};
    return Failed{std::string(reader.string())};
  });
}

std::string frame(const ToWorker& message, std::string payload) {
  const std::string header = encode(message);
  const auto size = static_cast<std::uint32_t>(header.size());
  payload += header;
  payload.append(reinterpret_cast<const char*>(&size), sizeof size);
  return payload;
}

FrameParts split_frame(std::string_view frame) {
  std::uint32_t size = 0;
  if (frame.size() < sizeof size) throw CodecError("a frame without the size of its header");
  const std::size_t rest = frame.size() - sizeof size;
  std::memcpy(&size, frame.data() + rest, sizeof size);
  if (size > rest) throw CodecError("a frame that is shorter than its header");
  return {frame.substr(0, rest - size), frame.substr(rest - size, size)};
}

}  // namespace procfarm::wire
