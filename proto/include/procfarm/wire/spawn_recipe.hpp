// SPDX-License-Identifier: MIT
// spawn_recipe.hpp - posix_spawn with the rules of this project: own process group, no blocked and
// no ignored signal, only the descriptors that were placed.
#pragma once

#include <spawn.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include <procfarm/wire/unique_fd.hpp>

namespace procfarm::wire {

/// One program to be started. Descriptors must stay open until run(). One thread at a time.
class SpawnRecipe {
 public:
  SpawnRecipe();
  ~SpawnRecipe();
  SpawnRecipe(const SpawnRecipe&) = delete;
  SpawnRecipe& operator=(const SpawnRecipe&) = delete;

  /// `fd` becomes `number` there. `fd` must not be a number that was placed before.
  void place(int fd, int number);
  /// A file is opened as `number`.
  void open(int number, const char* path, int flags);
  void change_directory(const char* path);
  /// It leads a session of its own, not only a process group: it has no terminal.
  void leave_terminal();
  /// Nothing from `number` on is inherited. Call last.
  void close_from(int number);

  /// Starts `path` (no lookup). Returns 0 or errno, of exec too.
  int run(const char* path, char* const* argv, char* const* environment, pid_t& pid);

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

/// Pointers to `texts` with a null at the end, as exec wants them; valid as long as `texts`.
std::vector<char*> pointers_to(std::vector<std::string>& texts);

}  // namespace procfarm::wire
