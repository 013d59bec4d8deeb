// SPDX-License-Identifier: MIT
// command_codec.cpp - how Command and CommandResult travel: arrays of their members, in order.
#include <procfarm/command.hpp>

namespace procfarm {

namespace {

template <class T>
void put(Writer& writer, const T& value) {
  codec<T>::encode(writer, value);
}

template <class T>
void take(Reader& reader, T& value) {
  value = codec<T>::decode(reader);
}

void put(Writer& writer, const Output& output) {
  writer.array_header(2);
  put(writer, output.kind);
  writer.string(output.path);
}

void take(Reader& reader, Output& output) {
  reader.array_header_exactly(2);
  take(reader, output.kind);
  take(reader, output.path);
  if (output.kind > Output::Kind::inherit) reader.fail("expected a kind of output");
}

}  // namespace

void codec<Command>::encode(Writer& writer, const Command& command) {
  writer.array_header(13);
  put(writer, command.argv);
  put(writer, command.shell);
  put(writer, command.shell_arguments);
  put(writer, command.env);
  put(writer, command.env_clear);
  put(writer, command.cwd);
  put(writer, command.stdin_text);
  put(writer, command.stdin_file);
  put(writer, command.out);
  put(writer, command.err);
  put(writer, command.timeout);
  put(writer, command.grace);
  put(writer, command.memory);
}

Command codec<Command>::decode(Reader& reader) {
  const Reader::Nested nested(reader);
  reader.array_header_exactly(13);
  Command command;
  take(reader, command.argv);
  take(reader, command.shell);
  take(reader, command.shell_arguments);
  take(reader, command.env);
  take(reader, command.env_clear);
  take(reader, command.cwd);
  take(reader, command.stdin_text);
  take(reader, command.stdin_file);
  take(reader, command.out);
  take(reader, command.err);
  take(reader, command.timeout);
  take(reader, command.grace);
  take(reader, command.memory);
  return command;
}

void codec<CommandResult>::encode(Writer& writer, const CommandResult& result) {
  writer.array_header(8);
  put(writer, result.exit_code);
  put(writer, result.signal);
  put(writer, result.out);
  put(writer, result.err);
  put(writer, result.cpu_time);
  put(writer, result.peak_memory);
  put(writer, result.timed_out);
  put(writer, result.out_of_memory);
}

CommandResult codec<CommandResult>::decode(Reader& reader) {
  const Reader::Nested nested(reader);
  reader.array_header_exactly(8);
  CommandResult result;
  take(reader, result.exit_code);
  take(reader, result.signal);
  take(reader, result.out);
  take(reader, result.err);
  take(reader, result.cpu_time);
  take(reader, result.peak_memory);
  take(reader, result.timed_out);
  take(reader, result.out_of_memory);
  return result;
}

}  // namespace procfarm
