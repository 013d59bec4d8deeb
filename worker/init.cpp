// SPDX-License-Identifier: MIT
// init.cpp - the fork in the road of a program's main: is this the program, or a copy of it that an
// executor has started as its supervisor or as a worker?
#include <procfarm/init.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <procfarm/codec.hpp>
#include <procfarm/wire/control.hpp>
#include <procfarm/wire/failure.hpp>
#include <procfarm/wire/packet.hpp>
#include <procfarm/wire/serve_config.hpp>

#include "builtins.hpp"
#include "clean_start.hpp"
#include "supervisor.hpp"
#include "worker.hpp"

namespace procfarm {

namespace {

using wire::UniqueFd;

constexpr int cannot_serve_status = 71;
constexpr std::uint32_t start_by_fork = 2;
bool init_was_called = false;  // a property of the process, set once before it has threads

UniqueFd take_known(int fd) {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return UniqueFd(fd);
}

bool is_packet_socket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

/// That of a supervisor's configuration is there, though no variable tells what it is for.
bool has_config() {
  char name[64] = {};
  const std::string link = fmt::format("/proc/self/fd/{}", wire::config_fd);
  return ::readlink(link.c_str(), name, sizeof name - 1) > 0 &&
         std::string_view(name).starts_with("/memfd:procfarm-config");
}

/// A copy that went on as the program would start copies of its own, and those theirs.
[[noreturn]] void refuse_to_go_on(const char* cause) {
  fmt::print(stderr,
             "procfarm: pid {} was started as a worker process and cannot serve: {}; call "
             "procfarm::init(argc, argv) first in main\n",
             ::getpid(), cause);
  serving::leave(cannot_serve_status);
}

/// Whether the variable may only have leaked to a program that nobody started to serve. Who did may
/// have died.
bool has_leaked(const std::string& role, const std::string& starter) {
  return role == "supervisor" && starter != std::to_string(::getppid()) && !has_config();
}

void serve_as(const std::string& role) {
  if (role == "supervisor") {
    if (!is_packet_socket(wire::control_fd)) refuse_to_go_on("its descriptors were closed");
    UniqueFd control = take_known(wire::control_fd);
    const std::string bytes = wire::read_whole_file(take_known(wire::config_fd).get());
    Reader reader(bytes);
    wire::serve_supervisor(std::move(control), codec<wire::SupervisorConfig>::decode(reader));
  }
  if (role == "worker") serving::serve_worker(serving::inherited_seat());
}

}  // namespace

void init(int, char**) {
  wire::freeze_exceptions();
  wire::set_initialized();
  serving::enter_builtins();
  const char* const order = std::getenv(wire::serve_variable);
  if (order == nullptr) {
    if (is_packet_socket(wire::control_fd) && has_config())
      refuse_to_go_on("its environment was cleared");
    return;
  }
  const std::string text = order;
  ::unsetenv(wire::serve_variable);
  const std::string role = text.substr(0, text.find(' '));
  if (has_leaked(role, text.substr(std::min(role.size() + 1, text.size())))) return;
  try {
    serve_as(role);
  } catch (const std::exception& error) {
    fmt::print(stderr, "procfarm: {} pid {} cannot serve: {}\n", role, ::getpid(), error.what());
    serving::leave(cannot_serve_status);
  }
}

namespace wire {

bool initialized() { return init_was_called; }

void set_initialized() { init_was_called = true; }

void serve_supervisor(UniqueFd control, const SupervisorConfig& config) {
  serving::enter_builtins();                   // init() may not have been called
  if (config.start_method == start_by_fork) {  // else exec and its recipe have done all that
    serving::leave_terminal();
    serving::reset_signals();
    control = duplicate_above(control.get(), STDERR_FILENO + 1);
    serving::close_all_but({control.get()});
    for (const auto& [name, value] : config.env) ::setenv(name.c_str(), value.c_str(), 1);
  }
  serving::settle_standard_streams();
  serving::set_process_name("procfarm:super");
  serving::become_subreaper();
  try {
    serving::Supervisor(std::move(control), config).run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "procfarm: supervisor pid {} cannot go on: {}\n", ::getpid(), error.what());
    serving::leave(cannot_serve_status);
  }
  serving::leave(0);
}

}  // namespace wire

}  // namespace procfarm
