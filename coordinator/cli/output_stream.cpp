// SPDX-License-Identifier: MIT
// output_stream.cpp - write(2) until all is written, whatever the descriptor's mode is.
#include "output_stream.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

namespace procfarm::cli {

void open_standard_streams() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free number is this one. If /dev/null is missing there is nothing to be done.
    [[maybe_unused]] const int opened = ::open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
  }
}

void OutputStream::write(std::string_view text) {
  if (error_ != 0 || text.empty()) return;
  at_line_start_ = text.back() == '\n';
  buffer_ += text;
  if (buffer_.size() >= buffer_limit) flush();
}

bool OutputStream::flush() {
  std::string_view rest = buffer_;
  while (error_ == 0 && !rest.empty()) {
    const ssize_t count = ::write(fd_, rest.data(), rest.size());
    if (count >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  buffer_.clear();
  return error_ == 0;
}

bool OutputStream::is_terminal() const { return ::isatty(fd_) == 1; }

int OutputStream::width() const {
  constexpr int usual = 80;
  winsize size{};
  if (::ioctl(fd_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return usual;
  return size.ws_col;
}

}  // namespace procfarm::cli
