// SPDX-License-Identifier: MIT
// frame.cpp - a frame as a worker gets it, payload and header in one: any bytes come apart into
// both without a byte lost or read twice, or are a CodecError; the header is read as any other.
#include "input.hpp"

#include <procfarm/codec.hpp>
#include <procfarm/wire/message.hpp>

using namespace procfarm;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(fuzz::text(data, size));  // of its own, so that a byte too far is seen
  try {
    const auto [payload, header] = wire::split_frame(bytes);
    std::string parts(payload);
    parts += header;
    fuzz::expect(bytes.size() == parts.size() + 4 && bytes.starts_with(parts),
                 "both parts fill the frame");
    const wire::ToWorker message = wire::decode_to_worker(header.data(), header.size());
    const std::string framed = wire::frame(message, std::string(payload));
    const auto [payload_again, header_again] = wire::split_frame(framed);
    fuzz::expect(payload == payload_again, "a payload comes back as it was");
    fuzz::expect(header_again == wire::encode(message), "a header comes back as it was");
  } catch (const CodecError&) {
  }
  return 0;
}
