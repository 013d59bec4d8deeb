// SPDX-License-Identifier: MIT
// first.cpp - what the kernel and ZeroMQ alone take from nothing to the first result of another
// process: a supervisor that forks one worker, a connection, a message there and one back. No
// scheduler, futures, limits or checks: what an executor cannot be faster than if it is made so.
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include <zmq.hpp>

#include "../kernel.hpp"
#include "../probe.hpp"

namespace {

using bench::Reply;
using bench::Request;

constexpr int line_fd = 3;  // of an executed supervisor
constexpr const char* as_supervisor = "supervise";

[[noreturn]] void work(int line) {
  zmq::context_t context;
  zmq::socket_t socket(context, zmq::socket_type::dealer);
  socket.set(zmq::sockopt::use_fd, line);
  socket.bind("ipc://line");
  std::uint64_t number = 0;
  socket.send(zmq::buffer(&number, sizeof number), zmq::send_flags::none);
  static_cast<void>(socket.recv(zmq::buffer(&number, sizeof number), zmq::recv_flags::none));
  number = bench_work(number, 0);
  socket.send(zmq::buffer(&number, sizeof number), zmq::send_flags::none);
  static_cast<void>(socket.recv(zmq::buffer(&number, sizeof number), zmq::recv_flags::none));
  std::_Exit(0);
}

[[noreturn]] void supervise(int line) {
  const pid_t worker = ::fork();
  if (worker == 0) work(line);
  ::waitpid(worker, nullptr, 0);
  std::_Exit(worker > 0 ? 0 : 1);
}

int listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const bool listens =
      fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::listen(fd, 4) == 0;
  if (!listens) throw std::runtime_error("no socket at " + path);
  return fd;
}

pid_t execute_supervisor(int line) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, line, line_fd);
  std::string name = "first";
  std::string role = as_supervisor;
  char* const arguments[] = {name.data(), role.data(), nullptr};
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : -1;
}

pid_t start_supervisor(int line, bool executed) {
  if (executed) return execute_supervisor(line);
  const pid_t pid = ::fork();
  if (pid == 0) supervise(line);
  return pid;
}

Reply first(const Request& request) {
  const bool executed = request.text("method", "fork") == "exec";
  const auto start = bench::Clock::now();
  std::string directory = "/tmp/procfarm-bench-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  const std::string path = directory + "/line";
  const int line = listen_at(path);
  const pid_t supervisor = start_supervisor(line, executed);
  if (supervisor < 0) throw std::runtime_error("no supervisor can be started");
  ::close(line);
  std::uint64_t number = 0;
  double seconds = 0;
  {
    zmq::context_t context;
    zmq::socket_t socket(context, zmq::socket_type::dealer);
    socket.connect("ipc://" + path);
    const auto receive = [&] {
      static_cast<void>(socket.recv(zmq::buffer(&number, sizeof number), zmq::recv_flags::none));
    };
    receive();
    socket.send(zmq::buffer(&number, sizeof number), zmq::send_flags::none);
    receive();
    seconds = bench::seconds_since(start);
    socket.send(zmq::const_buffer(), zmq::send_flags::none);
  }
  ::waitpid(supervisor, nullptr, 0);
  std::filesystem::remove_all(directory);
  bench::check(number == bench::expected_sum(1, 0), "first result");
  return {{"seconds", seconds}, {"count", 1}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == as_supervisor) supervise(line_fd);
  return bench::serve(argc, argv, {{"first", first}});
}
