// SPDX-License-Identifier: MIT
// serve_config.cpp - see serve_config.hpp.
#include <procfarm/wire/message.hpp>
#include <procfarm/wire/serve_config.hpp>

namespace procfarm {

using Variables = std::map<std::string, std::string>;

void codec<wire::SupervisorConfig>::encode(Writer& writer, const wire::SupervisorConfig& config) {
  writer.array_header(11);
  writer.unsigned_integer(config.start_method);
  writer.unsigned_integer(config.preload_function);
  writer.boolean(config.preload_set);
  writer.binary(config.preload_arguments.data(), config.preload_arguments.size());
  writer.unsigned_integer(config.initializer_function);
  writer.boolean(config.initializer_set);
  writer.binary(config.initializer_arguments.data(), config.initializer_arguments.size());
  codec<Variables>::encode(writer, config.env);
  writer.signed_integer(config.coordinator_pid);
  writer.unsigned_integer(config.soft_nofile);
  wire::encode(writer, config.modules);
}

wire::SupervisorConfig codec<wire::SupervisorConfig>::decode(Reader& reader) {
  reader.array_header_exactly(11);
  wire::SupervisorConfig config;
  config.start_method = reader.integer<std::uint32_t>();
  config.preload_function = reader.integer<std::uint64_t>();
  config.preload_set = reader.boolean();
  config.preload_arguments = reader.binary();
  config.initializer_function = reader.integer<std::uint64_t>();
  config.initializer_set = reader.boolean();
  config.initializer_arguments = reader.binary();
  config.env = codec<Variables>::decode(reader);
  config.coordinator_pid = reader.integer<std::int32_t>();
  config.soft_nofile = reader.integer<std::uint64_t>();
  config.modules = wire::decode_modules(reader);
  return config;
}

}  // namespace procfarm
