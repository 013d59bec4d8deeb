// SPDX-License-Identifier: MIT
// capture.cpp - see capture.hpp.
#include "capture.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include <fmt/core.h>

namespace procfarm {
namespace {

constexpr std::size_t tail_limit = 4096;
constexpr std::size_t line_limit = 64 * 1024;  // longer ones are forwarded in parts

}  // namespace

CapturedStream::CapturedStream(int forward_to) : forward_to_(forward_to) {
  const wire::UniqueFd memory(::memfd_create("procfarm-output", MFD_CLOEXEC));
  if (!memory) throw std::system_error(errno, std::generic_category(), "memfd_create for output");
  // Opened anew for a file description that appends, whoever writes.
  const std::string path = fmt::format("/proc/self/fd/{}", memory.get());
  fd_.reset(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
  if (!fd_) throw std::system_error(errno, std::generic_category(), "open " + path);
}

void CapturedStream::drain() {
  std::array<char, 16384> buffer;
  const std::int64_t before = read_;
  for (;;) {
    const ssize_t n = ::pread(fd_.get(), buffer.data(), buffer.size(), read_);
    if (n <= 0) break;
    read_ += n;
    take(buffer.data(), static_cast<std::size_t>(n));
  }
  if (read_ / 4096 > before / 4096) {
    ::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, read_ / 4096 * 4096);
  }
}

void CapturedStream::finish() {
  drain();
  if (line_.empty()) return;
  line_.push_back('\n');
  forward(line_);
  line_.clear();
}

void CapturedStream::take(const char* data, std::size_t size) {
  tail_.append(data, size);
  if (tail_.size() > 2 * tail_limit) tail_.erase(0, tail_.size() - tail_limit);
  if (forward_to_ < 0) return;
  line_.append(data, size);
  const std::size_t end = line_.size() > line_limit ? line_.size() : line_.rfind('\n') + 1;
  forward(std::string_view(line_).substr(0, end));
  line_.erase(0, end);
}

void CapturedStream::forward(std::string_view bytes) {
  while (!bytes.empty() && forward_to_ >= 0) {
    const ssize_t n = ::write(forward_to_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // nobody listens: what is forwarded is a copy
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace procfarm
