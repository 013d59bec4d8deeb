// SPDX-License-Identifier: MIT
// ports.cpp - see ports.hpp. The kernel accepts for a socket that only listens.
#include "ports.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace programs {
namespace {

constexpr int backlog = 64;

[[noreturn]] void refuse(const char* call) {
  throw std::system_error(errno, std::generic_category(), call);
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int make_socket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) refuse("socket");
  return fd;
}

}  // namespace

Port::Port(Manner manner) : fd_(make_socket()) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd_, raw, size) != 0) refuse("bind");
  if (manner != Manner::refuses && ::listen(fd_, backlog) != 0) refuse("listen");
  if (::getsockname(fd_, raw, &size) != 0) refuse("getsockname");
  number_ = ntohs(address.sin_port);
}

Port::~Port() { ::close(fd_); }

bool Port::called() const {
  pollfd socket{.fd = fd_, .events = POLLIN, .revents = 0};
  return ::poll(&socket, 1, 0) == 1;
}

int free_port() { return Port(Port::Manner::refuses).number(); }

bool answers(int port) {
  const int fd = make_socket();
  const sockaddr_in address = loopback(port);
  const bool connected =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

}  // namespace programs
