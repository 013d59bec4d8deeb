// SPDX-License-Identifier: MIT
// raw_server.cpp - see raw_server.hpp.
#include "raw_server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace programs {
namespace {

constexpr std::size_t piece_size = 4096;

std::string read_request(int fd) {
  std::string request;
  std::array<char, piece_size> piece;
  while (request.find("\r\n\r\n") == std::string::npos) {
    const ssize_t size = ::recv(fd, piece.data(), piece.size(), 0);
    if (size <= 0) break;
    request.append(piece.data(), static_cast<std::size_t>(size));
  }
  return request;
}

std::string path_of(const std::string& request) {
  const std::size_t begin = request.find(' ') + 1;
  return request.substr(begin, request.find(' ', begin) - begin);
}

}  // namespace

RawServer::RawServer(std::map<std::string, std::string> answers)
    : Port(Manner::accepts_and_says_nothing),
      answers_(std::move(answers)),
      thread_([this](std::stop_token stop) { serve(stop); }) {}

RawServer::~RawServer() {
  thread_.request_stop();
  programs::answers(number());  // wakes it
}

void RawServer::serve(const std::stop_token& stop) const {
  while (!stop.stop_requested()) {
    const int connection = ::accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    const auto answer = answers_.find(path_of(read_request(connection)));
    if (answer != answers_.end()) {
      ::send(connection, answer->second.data(), answer->second.size(), MSG_NOSIGNAL);
    }
    ::close(connection);
  }
}

}  // namespace programs
