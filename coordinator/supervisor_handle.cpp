// SPDX-License-Identifier: MIT
// supervisor_handle.cpp - see supervisor_handle.hpp. The only fork of the coordinator is here: that
// of StartMethod::fork, whose child never returns to the caller's code.
#include "supervisor_handle.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio_ext.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <procfarm/codec.hpp>
#include <procfarm/wire/modules.hpp>
#include <procfarm/wire/packet.hpp>
#include <procfarm/wire/serve_config.hpp>
#include <procfarm/wire/signals_blocked.hpp>
#include <procfarm/wire/spawn_recipe.hpp>

namespace procfarm {

using wire::Order;
using wire::UniqueFd;

namespace {

constexpr std::uint32_t start_by_fork = 2;

std::system_error failure(int error, const char* what) {
  return std::system_error(error, std::generic_category(), what);
}

std::string own_program_name() {
  const UniqueFd file(::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC));
  const std::string arguments = wire::read_whole_file(file.get());
  return arguments.substr(0, arguments.find('\0'));
}

/// Ours, with the changes of the options, and the word that makes init() serve.
std::vector<std::string> environment_of(const wire::SupervisorConfig& config) {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t split = text.find('=');
    if (split != std::string::npos) variables[text.substr(0, split)] = text.substr(split + 1);
  }
  for (const auto& [name, value] : config.env) variables[name] = value;
  variables[wire::serve_variable] = fmt::format("supervisor {}", ::getpid());
  std::vector<std::string> texts;
  for (const auto& [name, value] : variables) texts.push_back(fmt::format("{}={}", name, value));
  return texts;
}

}  // namespace

SupervisorHandle::SupervisorHandle(wire::SupervisorConfig config, const std::string& program,
                                   bool silent)
    : owner_(::getpid()) {
  config.coordinator_pid = owner_;
  config.modules = wire::module_names();
  modules_ = static_cast<std::uint32_t>(config.modules.size());
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw failure(errno, "socketpair");
  control_.reset(ends[0]);
  UniqueFd theirs(ends[1]);
  if (config.start_method == start_by_fork) {
    fork(config, std::move(theirs));
  } else {
    execute(config, program, silent, std::move(theirs));
  }
  pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_ && errno != ESRCH) {
    const int error = errno;
    control_.reset();  // it ends itself
    throw failure(error, "pidfd_open of the supervisor");
  }
}

SupervisorHandle::~SupervisorHandle() { close_and_wait(std::chrono::seconds(2)); }

void SupervisorHandle::execute(const wire::SupervisorConfig& config, const std::string& program,
                               bool silent, UniqueFd theirs) {
  Writer writer;
  codec<wire::SupervisorConfig>::encode(writer, config);
  const UniqueFd file = wire::make_memory_file("procfarm-config", writer.bytes());
  const UniqueFd control_copy = wire::duplicate_above(theirs.get(), wire::above_known_fds);
  const UniqueFd config_copy = wire::duplicate_above(file.get(), wire::above_known_fds);
  wire::SpawnRecipe recipe;
  recipe.open(STDIN_FILENO, "/dev/null", O_RDONLY);
  if (silent) recipe.open(STDOUT_FILENO, "/dev/null", O_WRONLY);
  recipe.place(control_copy.get(), wire::control_fd);
  recipe.place(config_copy.get(), wire::config_fd);
  recipe.leave_terminal();  // or tasks that print would be stopped where `stty tostop` is set
  recipe.close_from(wire::config_fd + 1);

  std::vector<std::string> arguments{program.empty() ? own_program_name() : program};
  std::vector<std::string> environment = environment_of(config);
  const std::string path = program.empty() ? "/proc/self/exe" : program;
  const int error = recipe.run(path.c_str(), wire::pointers_to(arguments).data(),
                               wire::pointers_to(environment).data(), pid_);
  if (error != 0) throw failure(error, ("posix_spawn of supervisor " + path).c_str());
}

void SupervisorHandle::fork(const wire::SupervisorConfig& config, UniqueFd theirs) {
  std::cout.flush();
  std::fflush(stdout);
  // No handler of the caller may run in the child.
  const wire::AllSignalsBlocked blocked;
  pid_ = ::fork();
  if (pid_ < 0) throw failure(errno, "fork of the supervisor");
  if (pid_ > 0) return;
  __fpurge(stdout);  // what another thread has put there meanwhile is written by the parent
  wire::serve_supervisor(std::move(theirs), config);
}

void SupervisorHandle::spawn(const SpawnOrder& order) {
  Unsent item{.order = {.kind = Order::Kind::spawn, .life = order.life}, .fds = {}};
  std::memcpy(item.order.token, order.token.data(),
              std::min(order.token.size(), sizeof item.order.token));
  item.order.has_blocks = order.blocks_fd >= 0;
  item.order.has_stdout = order.stdout_fd >= 0;
  item.order.has_stderr = order.stderr_fd >= 0;
  for (const int fd : {order.page_fd, order.arena_fd, order.stop_fd, order.line_fd, order.bell_fd,
                       order.blocks_fd, order.stdout_fd, order.stderr_fd}) {
    if (fd >= 0) item.fds.push_back(wire::duplicate_above(fd, 3));
  }
  unsent_.push_back(std::move(item));
  flush();
}

void SupervisorHandle::go_on() {
  if (pidfd_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGCONT, nullptr, 0);
}

void SupervisorHandle::kill(wire::SeatLife life) {
  go_on();
  send({.kind = Order::Kind::kill, .life = life});
}

void SupervisorHandle::signal(wire::SeatLife life, int signal) {
  send({.kind = Order::Kind::signal, .life = life, .signal = signal});
}

void SupervisorHandle::signal_all(int signal) {
  go_on();
  send({.kind = Order::Kind::signal_all, .signal = signal});
}

void SupervisorHandle::suspend() { send({.kind = Order::Kind::suspend}); }

void SupervisorHandle::resume() { send({.kind = Order::Kind::resume}); }

void SupervisorHandle::send(const Order& order) {
  unsent_.push_back({order, {}});
  flush();
}

void SupervisorHandle::flush() {
  while (!unsent_.empty() && control_) {
    const Unsent& item = unsent_.front();
    std::vector<int> fds;
    for (const UniqueFd& fd : item.fds) fds.push_back(fd.get());
    const int error = wire::send_packet(control_.get(), &item.order, sizeof item.order, fds);
    if (error == EAGAIN) return;
    unsent_.pop_front();  // any other error: it is gone, and receive() will tell
  }
}

std::optional<wire::Report> SupervisorHandle::receive() {
  flush();
  if (!control_ || gone_) return std::nullopt;
  wire::Report report;
  std::vector<UniqueFd> none;
  switch (wire::receive_packet(control_.get(), &report, sizeof report, none)) {
    case wire::Received::packet: report.text[sizeof report.text - 1] = '\0'; return report;
    case wire::Received::nothing: return std::nullopt;
    case wire::Received::closed: gone_ = true; return std::nullopt;
  }
  return std::nullopt;
}

void SupervisorHandle::close() {
  if (::getpid() != owner_) return;
  control_.reset();
  gone_ = true;
}

void SupervisorHandle::close_and_wait(std::chrono::milliseconds limit) {
  close();
  if (::getpid() != owner_ || !pidfd_) return;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  pollfd item{pidfd_.get(), POLLIN, 0};
  while (item.revents == 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (::poll(&item, 1, std::max(0, static_cast<int>(left.count()))) == 0) {
      ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
      ::poll(&item, 1, 1000);
      break;
    }
  }
  siginfo_t ignored;
  ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &ignored, WEXITED | WNOHANG);
  pidfd_.reset();
}

}  // namespace procfarm
