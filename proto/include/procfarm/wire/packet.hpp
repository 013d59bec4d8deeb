// SPDX-License-Identifier: MIT
// packet.hpp - packets with descriptors over an inherited socketpair, and files of memory that
// carry what would not fit into a packet or must not be seen in an environment. No packet means
// anything here; control.hpp says what they are.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <procfarm/wire/unique_fd.hpp>

namespace procfarm::wire {

/// Sends one packet with copies of `fds`. Returns 0 or errno (EAGAIN: no room now). Never blocks,
/// never raises SIGPIPE.
int send_packet(int socket, const void* data, std::size_t size, std::span<const int> fds = {});

enum class Received { packet, nothing, closed };

/// Takes one packet of exactly `size` bytes; the descriptors that came with it replace `fds` (all
/// close-on-exec). A packet of another size counts as closed: the other end is not ours. Never
/// blocks.
Received receive_packet(int socket, void* data, std::size_t size, std::vector<UniqueFd>& fds);

/// A file of memory that holds `bytes` and can never be changed, close-on-exec. Throws
/// std::system_error.
UniqueFd make_memory_file(const char* name, std::string_view bytes);

/// All that is in `fd`, from its beginning. Throws std::system_error.
std::string read_whole_file(int fd);

/// A duplicate at or above `lowest`, close-on-exec, so that descriptors can be put at low, known
/// numbers in a child without standing in each other's way. Throws std::system_error.
UniqueFd duplicate_above(int fd, int lowest);

}  // namespace procfarm::wire
