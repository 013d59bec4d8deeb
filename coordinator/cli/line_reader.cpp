// SPDX-License-Identifier: MIT
// line_reader.cpp - read(2) into one buffer that grows only for a long line.
#include "line_reader.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace procfarm::cli {
namespace {

constexpr std::size_t block_size = 64 * 1024;

std::string text_of_errno(int error) { return std::generic_category().message(error); }

}  // namespace

LineReader::LineReader(const std::string& path) : name_(path == "-" ? "standard input" : path) {
  if (path != "-") open(path);
}

LineReader::~LineReader() {
  if (fd_ > 0) ::close(fd_);
}

void LineReader::open(const std::string& path) {
  // Not to wait in open() for the writer of a FIFO; for a file it makes no difference.
  fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) fail("cannot open: " + text_of_errno(errno));
  struct stat status {};
  std::string problem;
  if (::fstat(fd_, &status) != 0) problem = "cannot open: " + text_of_errno(errno);
  if (S_ISDIR(status.st_mode)) problem = "is a directory, a file is expected";
  if (S_ISFIFO(status.st_mode) && nobody_writes()) problem = "is a FIFO that nobody writes to";
  if (problem.empty()) {
    ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) & ~O_NONBLOCK);
    return;
  }
  ::close(fd_);
  fail(problem);
}

/// A named FIFO without a writer gives an end of file at once, but no hang-up: that comes only when
/// there was a writer. A pipe whose writer has gone, as in <(true), hangs up and is just empty.
bool LineReader::nobody_writes() {
  pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
  if (::poll(&readable, 1, 0) != 0) return false;
  char byte = 0;
  const ssize_t count = ::read(fd_, &byte, 1);
  if (count == 1) {  // it came just now
    make_room(1);
    buffer_[0] = byte;
    end_ = 1;
  }
  return count == 0;
}

std::optional<std::string> LineReader::next() {
  std::size_t searched = begin_;
  while (true) {
    const char* data = buffer_.get();
    const void* found =
        searched < end_ ? std::memchr(data + searched, '\n', end_ - searched) : nullptr;
    if (found != nullptr) {
      const auto feed = static_cast<std::size_t>(static_cast<const char*>(found) - data);
      std::string line(data + begin_, feed - begin_);
      begin_ = feed + 1;
      ++line_;
      return line;
    }
    const std::size_t unfinished = end_ - begin_;
    if (unfinished > most_bytes_of_row) fail("a line is larger than 256 MiB");
    if (at_end_ || !fill()) break;
    searched = begin_ + unfinished;
  }
  if (begin_ == end_) return std::nullopt;
  std::string line(buffer_.get() + begin_, end_ - begin_);
  begin_ = end_;
  ++line_;
  return line;
}

/// For `count` bytes behind what there is. Doubling: a line of many megabytes is then moved only a
/// few times. Not cleared: most files are small, and pages that are never written do not exist.
void LineReader::make_room(std::size_t count) {
  if (capacity_ >= end_ + count) return;
  const std::size_t capacity = std::max(2 * end_, end_ + block_size);
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  if (end_ > 0) std::memcpy(larger.get(), buffer_.get(), end_);
  buffer_ = std::move(larger);
  capacity_ = capacity;
}

/// Reads a block behind what there is. False at the end of the file.
bool LineReader::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  make_room(block_size);
  while (true) {
    const ssize_t count = ::read(fd_, buffer_.get() + end_, capacity_ - end_);
    if (count >= 0) {
      end_ += static_cast<std::size_t>(count);
      at_end_ = count == 0;
      return !at_end_;
    }
    if (errno == EAGAIN) {  // standard input may have been made non-blocking by someone else
      pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
      ::poll(&readable, 1, -1);
    } else if (errno != EINTR) {
      fail("cannot read: " + text_of_errno(errno));
    }
  }
}

std::string LineReader::located(std::uint64_t line, const std::string& message) const {
  return escape_control(name_) + ":" + std::to_string(line) + ": " + message;
}

void LineReader::fail(const std::string& message) const {
  throw JobError({.file = name_, .line = static_cast<int>(line_ == 0 ? 0 : line_ + 1)}, message);
}

void remove_byte_order_mark(std::string& text) {
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
}

}  // namespace procfarm::cli
