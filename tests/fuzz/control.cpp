// SPDX-License-Identifier: MIT
// control.cpp - packets between coordinator and supervisor, and the configuration that a supervisor
// finds: any bytes of any length are one whole order, one whole report, or the end.
#include "input.hpp"

#include <sys/socket.h>

#include <vector>

#include <procfarm/wire/control.hpp>
#include <procfarm/wire/packet.hpp>
#include <procfarm/wire/serve_config.hpp>

using namespace procfarm;

namespace {

template <class Packet>
void receive(std::string_view bytes) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return;
  const wire::UniqueFd ours(ends[0]);
  wire::UniqueFd theirs(ends[1]);
  const int fds[] = {ours.get(), ours.get()};
  (void)wire::send_packet(
      theirs.get(), bytes.data(), bytes.size(),
      bytes.size() % 2 == 0 ? std::span<const int>(fds) : std::span<const int>());
  theirs.reset();
  Packet packet;
  std::vector<wire::UniqueFd> received;
  const wire::Received got = wire::receive_packet(ours.get(), &packet, sizeof packet, received);
  const bool whole = bytes.size() == sizeof packet;
  fuzz::expect((got == wire::Received::packet) == whole, "a packet is whole or none");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text(data, std::min<std::size_t>(size, 4096));
  receive<wire::Order>(bytes);
  receive<wire::Report>(bytes);
  try {
    (void)decode_all<wire::SupervisorConfig>(bytes.data(), bytes.size());
  } catch (const CodecError&) {
  }
  return 0;
}
