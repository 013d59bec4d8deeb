// SPDX-License-Identifier: MIT
// command_streams.cpp - see command_streams.hpp.
#include "command_streams.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <procfarm/wire/packet.hpp>

namespace procfarm::serving {

using wire::UniqueFd;

namespace {

constexpr std::size_t block_size = 64 * 1024;

/// Clear of 0, 1 and 2, where the command's own will be.
UniqueFd clear_of_standard(UniqueFd fd) {
  return fd.get() > STDERR_FILENO ? std::move(fd)
                                  : wire::duplicate_above(fd.get(), STDERR_FILENO + 1);
}

UniqueFd open_file(const std::string& path, int flags) {
  UniqueFd file(::open(path.c_str(), flags | O_CLOEXEC, 0666));
  if (!file) throw std::system_error(errno, std::generic_category(), "open '" + path + "'");
  return clear_of_standard(std::move(file));
}

UniqueFd open_input(const Command& command) {
  if (!command.stdin_text.empty()) {
    UniqueFd file = wire::make_memory_file("procfarm-stdin", command.stdin_text);
    ::lseek(file.get(), 0, SEEK_SET);
    return clear_of_standard(std::move(file));
  }
  return open_file(command.stdin_file.empty() ? "/dev/null" : command.stdin_file, O_RDONLY);
}

UniqueFd open_output(const Output& output, CapturedStream& captured) {
  switch (output.kind) {
    case Output::Kind::inherit: return {};
    case Output::Kind::none: return open_file("/dev/null", O_WRONLY);
    case Output::Kind::file: return open_file(output.path, O_WRONLY | O_CREAT | O_TRUNC);
    case Output::Kind::capture: break;
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
  UniqueFd ours = clear_of_standard(UniqueFd(ends[0]));
  UniqueFd theirs = clear_of_standard(UniqueFd(ends[1]));
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  captured = CapturedStream(std::move(ours));
  return theirs;
}

}  // namespace

void CapturedStream::read_some() { read_at_most(block_size); }

void CapturedStream::drain() {
  int waiting = 0;
  if (!pipe_ || ::ioctl(pipe_.get(), FIONREAD, &waiting) != 0) return;
  for (auto left = static_cast<std::size_t>(waiting); left > 0;) {
    const std::size_t before = text_.size();
    if (!read_at_most(left)) return;
    left -= std::min(left, text_.size() - before);
  }
}

bool CapturedStream::read_at_most(std::size_t count) {
  // Most commands say little. A string that is resized for what might come would be cleared first,
  // 64 KiB for each stream of each command; here only the pages that are written exist.
  char block[block_size];
  ssize_t got;
  do {
    got = ::read(pipe_.get(), block, std::min(count, sizeof block));
  } while (got < 0 && errno == EINTR);
  if (got > 0) text_.append(block, static_cast<std::size_t>(got));
  const bool at_end = got == 0 || (got < 0 && errno != EAGAIN);
  if (at_end) pipe_.reset();
  return got > 0;
}

CommandStreams::CommandStreams(const Command& command) : in_(open_input(command)) {
  out_ = open_output(command.out, out);
  const bool same_file = command.out.kind == Output::Kind::file &&
                         command.err.kind == Output::Kind::file &&
                         command.out.path == command.err.path;
  err_ = same_file ? wire::duplicate_above(out_.get(), STDERR_FILENO + 1)
                   : open_output(command.err, err);
}

}  // namespace procfarm::serving
