// SPDX-License-Identifier: MIT
// transport.cpp - what the machine itself takes to move bytes: ZeroMQ between two processes over
// ipc, as ping-pong, as a stream of small messages and with large blocks, and memcpy in one
// process.
#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

#include <zmq.hpp>

#include "../probe.hpp"
#include "../samples.hpp"

namespace {

using bench::Reply;
using bench::Request;

/// A process that answers each message: a short one with itself, a large one with its page_sum().
/// An empty message ends it.
class Echo {
 public:
  explicit Echo(int core) : directory_(make_directory()) {
    child_ = ::fork();
    if (child_ < 0) throw std::runtime_error("fork failed");
    if (child_ == 0) reflect(core);
    context_ = std::make_unique<zmq::context_t>();
    socket_ = zmq::socket_t(*context_, zmq::socket_type::dealer);
    socket_.bind(address());
  }
  ~Echo() {
    socket_.send(zmq::message_t(), zmq::send_flags::none);
    ::waitpid(child_, nullptr, 0);
    socket_.close();
    context_.reset();
    std::filesystem::remove_all(directory_);
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;

  void send(const void* data, std::size_t size) {
    socket_.send(zmq::const_buffer(data, size), zmq::send_flags::none);
  }
  zmq::message_t receive() {
    zmq::message_t message;
    static_cast<void>(socket_.recv(message, zmq::recv_flags::none));
    return message;
  }

 private:
  static std::string make_directory() {
    std::string name = "/tmp/procfarm-bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    return name;
  }
  std::string address() const { return "ipc://" + directory_ + "/echo"; }

  [[noreturn]] void reflect(int core) {
    bench::pin(core);
    zmq::context_t context;
    zmq::socket_t socket(context, zmq::socket_type::dealer);
    socket.connect(address());
    for (;;) {
      zmq::message_t message;
      static_cast<void>(socket.recv(message, zmq::recv_flags::none));
      if (message.size() == 0) std::_Exit(0);
      if (message.size() < bench::page_bytes) {
        socket.send(message, zmq::send_flags::none);
        continue;
      }
      const std::uint64_t sum =
          bench::page_sum({message.data<const std::uint8_t>(), message.size()});
      socket.send(zmq::const_buffer(&sum, sizeof sum), zmq::send_flags::none);
    }
  }

  std::string directory_;
  int child_ = -1;
  std::unique_ptr<zmq::context_t> context_;
  zmq::socket_t socket_;
};

/// The echo that the requests share; made anew when another pinning is wanted.
class Peer {
 public:
  Echo& with(int own, int other) {
    const std::string kind = fmt::format("{} {}", own, other);
    if (kind_ != kind) {
      echo_.reset();
      bench::pin(own);  // also the I/O thread that is started now
      echo_ = std::make_unique<Echo>(other);
      bench::pin(-1);
      kind_ = kind;
    }
    return *echo_;
  }

 private:
  std::unique_ptr<Echo> echo_;
  std::string kind_;
};

Reply ping_pong(Peer& peer, const Request& request) {
  const int own = std::stoi(request.text("own", "-1"));
  Echo& echo = peer.with(own, std::stoi(request.text("other", "-1")));
  const std::chrono::microseconds pause{request.number("pause", 0)};
  std::array<std::uint64_t, 8> message{};  // 64 bytes
  bench::pin(own);
  echo.send(message.data(), sizeof message);
  echo.receive();
  Reply reply = bench::latencies(request.number("count"), pause, [&](std::uint64_t i) {
    message[0] = i + 1;
    echo.send(message.data(), sizeof message);
    const zmq::message_t answer = echo.receive();
    bench::check(answer.size() == sizeof message &&
                     std::memcmp(answer.data(), message.data(), sizeof message) == 0,
                 "ZeroMQ ping-pong");
  });
  bench::pin(-1);
  return reply;
}

/// Messages of 64 bytes there and back, at most so many under way.
Reply stream(Peer& peer, const Request& request) {
  Echo& echo = peer.with(-1, -1);
  const std::uint64_t count = request.number("count");
  constexpr std::uint64_t most = 500;
  std::uint64_t sum = 0;
  std::uint64_t received = 0;
  const auto take = [&] {
    sum += *echo.receive().data<const std::uint64_t>();
    ++received;
  };
  Reply reply = bench::timed(count, [&] {
    std::array<std::uint64_t, 8> message{};
    for (std::uint64_t i = 0; i < count; ++i) {
      message[0] = i;
      echo.send(message.data(), sizeof message);
      if (i - received >= most) take();
    }
    while (received < count) take();
  });
  bench::check(sum == count * (count - 1) / 2, "ZeroMQ stream");
  return reply;
}

Reply bytes(Peer& peer, const Request& request) {
  Echo& echo = peer.with(-1, -1);
  std::vector<std::uint8_t> block = bench::large_block(request.number("size"));
  return bench::block_transfers(block, request.number("count"),
                                [&](const std::vector<std::uint8_t>& sent) {
                                  echo.send(sent.data(), sent.size());
                                  return *echo.receive().data<const std::uint64_t>();
                                });
}

/// From a warm block to another warm block.
Reply copy(const Request& request) {
  std::vector<std::uint8_t> block = bench::large_block(request.number("size"));
  std::vector<std::uint8_t> target(block.size(), 1);
  return bench::block_transfers(block, request.number("count"),
                                [&](const std::vector<std::uint8_t>& sent) {
                                  std::memcpy(target.data(), sent.data(), sent.size());
                                  return bench::page_sum(target);
                                });
}

}  // namespace

int main(int argc, char** argv) {
  Peer peer;
  return bench::serve(argc, argv,
                      {{"rtt", [&](const Request& request) { return ping_pong(peer, request); }},
                       {"stream", [&](const Request& request) { return stream(peer, request); }},
                       {"bytes", [&](const Request& request) { return bytes(peer, request); }},
                       {"copy", copy}});
}
