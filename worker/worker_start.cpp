// SPDX-License-Identifier: MIT
// worker_start.cpp - see worker_start.hpp. The seat of an executed worker lies in a file of memory,
// so that neither its token nor anything else shows in an environment or a command line.
#include "worker_start.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fmt/format.h>

#include <procfarm/codec.hpp>
#include <procfarm/wire/packet.hpp>
#include <procfarm/wire/serve_config.hpp>
#include <procfarm/wire/spawn_recipe.hpp>

#include "clean_start.hpp"

namespace procfarm::serving {

namespace {

using wire::UniqueFd;

enum KnownFd : int {
  page_fd = 3,
  arena_fd,
  stop_fd,
  line_fd,
  bell_fd,
  seat_fd,
  supervisor_fd,
  coordinator_fd,
  blocks_fd,  // the last, because it may be absent
  first_unused_fd
};

std::string encode_seat(const WorkerSeat& seat) {
  Writer writer;
  writer.array_header(4);
  writer.unsigned_integer(seat.life.seat);
  writer.unsigned_integer(seat.life.incarnation);
  writer.string(seat.token);
  codec<wire::SupervisorConfig>::encode(writer, seat.farm);
  return std::string(writer.bytes());
}

WorkerSeat decode_seat(const std::string& bytes) {
  Reader reader(bytes);
  reader.array_header_exactly(4);
  WorkerSeat seat;
  seat.life.seat = reader.integer<std::uint32_t>();
  seat.life.incarnation = reader.integer<std::uint32_t>();
  seat.token = reader.string();
  seat.farm = codec<wire::SupervisorConfig>::decode(reader);
  reader.finish();
  return seat;
}

std::string own_program_name() {
  const UniqueFd file(::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC));
  const std::string arguments = wire::read_whole_file(file.get());
  return arguments.substr(0, arguments.find('\0'));
}

/// A descriptor at a known number must not be inherited by what the worker starts.
UniqueFd take_known(int fd) {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return UniqueFd(fd);
}

}  // namespace

pid_t fork_worker(const CapturedOutput& output, const std::vector<int>& ours) {
  flush_output();
  std::fflush(nullptr);  // or the worker would write it out a second time
  const pid_t pid = ::fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork of a worker");
  if (pid > 0) {
    ::setpgid(pid, pid);  // both sides do it: whoever comes first
    return pid;
  }
  leave_process_group();
  if (output.out >= 0) ::dup2(output.out, STDOUT_FILENO);
  if (output.err >= 0) ::dup2(output.err, STDERR_FILENO);
  for (const int fd : ours) {
    if (fd > STDERR_FILENO) ::close(fd);
  }
  ::signal(SIGCHLD, SIG_DFL);  // the supervisor's handler
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  return 0;
}

pid_t execute_worker(const WorkerSeat& seat, const CapturedOutput& output) {
  const auto above = [](int fd) { return wire::duplicate_above(fd, wire::above_known_fds); };
  const UniqueFd bytes = wire::make_memory_file("procfarm-seat", encode_seat(seat));
  std::vector<UniqueFd> copies;
  wire::SpawnRecipe recipe;
  const auto place = [&](int fd, int number) {
    copies.push_back(above(fd));
    recipe.place(copies.back().get(), number);
  };
  place(seat.page.get(), page_fd);
  place(seat.arena.get(), arena_fd);
  place(seat.stop.get(), stop_fd);
  place(seat.line.get(), line_fd);
  place(seat.bell.get(), bell_fd);
  place(bytes.get(), seat_fd);
  place(seat.supervisor.get(), supervisor_fd);
  place(seat.coordinator.get(), coordinator_fd);
  if (seat.blocks) place(seat.blocks.get(), blocks_fd);
  if (output.out >= 0) place(output.out, STDOUT_FILENO);
  if (output.err >= 0) place(output.err, STDERR_FILENO);
  recipe.close_from(seat.blocks ? first_unused_fd : blocks_fd);

  std::vector<std::string> arguments{own_program_name()};
  std::vector<std::string> environment;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable)
    environment.push_back(*variable);
  environment.push_back(fmt::format("{}=worker {}", wire::serve_variable, ::getpid()));
  pid_t pid = 0;
  const int error = recipe.run("/proc/self/exe", wire::pointers_to(arguments).data(),
                               wire::pointers_to(environment).data(), pid);
  if (error != 0)
    throw std::system_error(error, std::generic_category(), "posix_spawn of a worker");
  return pid;
}

WorkerSeat inherited_seat() {
  WorkerSeat seat = decode_seat(wire::read_whole_file(take_known(seat_fd).get()));
  seat.page = take_known(page_fd);
  seat.arena = take_known(arena_fd);
  seat.stop = take_known(stop_fd);
  seat.line = take_known(line_fd);
  seat.bell = take_known(bell_fd);
  seat.supervisor = take_known(supervisor_fd);
  seat.coordinator = take_known(coordinator_fd);
  if (::fcntl(blocks_fd, F_GETFD) >= 0) seat.blocks = take_known(blocks_fd);
  return seat;
}

}  // namespace procfarm::serving
