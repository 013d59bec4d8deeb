// SPDX-License-Identifier: MIT
// to_worker.cpp - a header frame as a worker gets from the coordinator: any bytes are one message
// or a CodecError, and what was a message comes back as the same one.
#include "input.hpp"

#include <procfarm/codec.hpp>
#include <procfarm/wire/message.hpp>

using namespace procfarm;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text(data, size);
  try {
    const std::string once = wire::encode(wire::decode_to_worker(bytes.data(), bytes.size()));
    const std::string again = wire::encode(wire::decode_to_worker(once.data(), once.size()));
    fuzz::expect(once == again, "a message that was read is the same when it is read again");
  } catch (const CodecError&) {
  }
  return 0;
}
