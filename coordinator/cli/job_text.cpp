// SPDX-License-Identifier: MIT
// job_text.cpp - reads with a buffer of its own, since a line must come out as soon as a program
// has written it into a pipe.
#include "job_text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "utf8.hpp"

namespace procfarm::cli {
namespace {

constexpr std::chrono::milliseconds patience_for_a_writer{2000};

}  // namespace

JobFile::JobFile(const std::string& path) : path_(path) {
  if (path_ == "-") {
    fd_ = STDIN_FILENO;
    return;
  }
  open_descriptor();
}

JobFile::~JobFile() {
  if (fd_ >= 0 && fd_ != STDIN_FILENO) ::close(fd_);
}

void JobFile::fail(std::string_view what, int error) const {
  throw JobError(Position{path_, 0, 0}, fmt::format("{}: {}", what, std::strerror(error)));
}

void JobFile::open_descriptor() {
  // Without O_NONBLOCK the opening of a FIFO that nobody writes to would never return.
  fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) fail("cannot open the job file", errno);
  struct stat status {};
  if (::fstat(fd_, &status) != 0) fail("cannot read the job file", errno);
  if (S_ISDIR(status.st_mode)) {
    const int fd = std::exchange(fd_, -1);
    ::close(fd);
    fail("cannot read the job file", EISDIR);
  }
  if (S_ISFIFO(status.st_mode)) await_writer();
  const int flags = ::fcntl(fd_, F_GETFL);
  ::fcntl(fd_, F_SETFL, flags & ~O_NONBLOCK);
}

void JobFile::await_writer() {
  pollfd waiting{fd_, POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(patience_for_a_writer.count())) != 0) return;
  char byte = 0;
  const ssize_t size = ::read(fd_, &byte, 1);
  if (size > 0) buffer_.push_back(byte);
  if (size != 0) return;  // there is a writer that has not written yet
  const int fd = std::exchange(fd_, -1);
  ::close(fd);
  throw JobError(Position{path_, 0, 0}, "cannot read the job file: nobody writes to this FIFO");
}

bool JobFile::fill() {
  std::array<char, 1 << 16> block;
  while (true) {
    const ssize_t size = ::read(fd_, block.data(), block.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) fail("cannot read the job file", errno);
    buffer_.append(block.data(), static_cast<std::size_t>(size));
    return size > 0;
  }
}

std::optional<std::string> JobFile::next_line() {
  std::size_t searched = begin_;
  while (true) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(begin_, end - begin_);
      begin_ = end + 1;
      return line;
    }
    buffer_.erase(0, std::exchange(begin_, 0));
    searched = buffer_.size();
    if (fill()) continue;
    if (buffer_.empty()) return std::nullopt;
    return std::exchange(buffer_, std::string());
  }
}

std::string JobFile::rest() {
  while (fill()) {
  }
  return std::exchange(buffer_, std::string()).substr(std::exchange(begin_, 0));
}

void check_text(std::string_view text, const Position& start) {
  Position position = start;
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    if (character.code == 0) throw JobError(position, "the job file has a NUL byte here");
    if (!character.valid) {
      throw JobError(position, fmt::format("byte 0x{:02x} is no valid UTF-8",
                                           static_cast<unsigned>(character.code)));
    }
    ++position.column;
    if (character.code == '\n') {
      ++position.line;
      position.column = 1;
    }
    text.remove_prefix(character.size);
  }
}

std::string job_directory(const std::string& path) {
  const auto current = std::filesystem::current_path();
  if (path == "-") return current.string();
  const auto directory = (current / path).lexically_normal().parent_path();
  return directory.string();
}

std::string default_job_name(const std::string& path) {
  const std::string stem = path == "-" ? "" : std::filesystem::path(path).stem().string();
  return stem.empty() ? "job" : stem;
}

}  // namespace procfarm::cli
