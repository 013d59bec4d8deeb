// SPDX-License-Identifier: MIT
// command_spawn.hpp - the process of a command is made, by the rules of wire::SpawnRecipe: no
// blocked and no ignored signal, no descriptors but its three; and in a session of its own: who
// asks for a password at /dev/tty fails, and does not wait for an answer that nobody can give.
// posix_spawn does it with twice the system calls for signals and a stack that is mapped and
// unmapped each time; where the kernel can help (clone3) that is saved.
#pragma once

#include <sys/types.h>

#include <procfarm/wire/unique_fd.hpp>

namespace procfarm::serving {

/// Standard input, output and error of a command to be, all above 2; -1: inherited.
struct StandardFds {
  int in = -1;
  int out = -1;
  int err = -1;
};

struct CommandSpawn {
  const char* path;  // there is no lookup
  char* const* arguments;
  char* const* environment;
  const char* directory = nullptr;  // ours
  StandardFds fds{};
};

struct SpawnedCommand {
  int error = 0;  // errno, of exec too; then there is no process
  pid_t pid = 0;
  wire::UniqueFd pidfd{};  // empty if the kernel has not made one with the process
};

/// Any thread. Of the real-time signals it resets those that this process ignores at its first
/// call; one that a task has come to ignore later stays ignored in commands.
SpawnedCommand spawn_command(const CommandSpawn& what);

/// The same by posix_spawn.
SpawnedCommand spawn_command_by_libc(const CommandSpawn& what);

}  // namespace procfarm::serving
