// SPDX-License-Identifier: MIT
// spawn_recipe.cpp - see spawn_recipe.hpp.
#include <procfarm/wire/spawn_recipe.hpp>

#include <signal.h>

#include <new>

namespace procfarm::wire {

namespace {

/// posix_spawn's builders fail for want of memory only (their arguments are ours).
void check(int error) {
  if (error != 0) throw std::bad_alloc();
}

}  // namespace

SpawnRecipe::SpawnRecipe() {
  ::posix_spawn_file_actions_init(&actions_);
  ::posix_spawnattr_init(&attributes_);
  sigset_t signals;
  ::sigfillset(&signals);
  ::posix_spawnattr_setsigdefault(&attributes_, &signals);
  ::sigemptyset(&signals);
  ::posix_spawnattr_setsigmask(&attributes_, &signals);
  ::posix_spawnattr_setpgroup(&attributes_, 0);
  ::posix_spawnattr_setflags(
      &attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
}

SpawnRecipe::~SpawnRecipe() {
  ::posix_spawn_file_actions_destroy(&actions_);
  ::posix_spawnattr_destroy(&attributes_);
}

void SpawnRecipe::place(int fd, int number) {
  check(::posix_spawn_file_actions_adddup2(&actions_, fd, number));
}

void SpawnRecipe::open(int number, const char* path, int flags) {
  check(::posix_spawn_file_actions_addopen(&actions_, number, path, flags, 0666));
}

void SpawnRecipe::change_directory(const char* path) {
  check(::posix_spawn_file_actions_addchdir_np(&actions_, path));
}

void SpawnRecipe::leave_terminal() {
  ::posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
}

void SpawnRecipe::close_from(int number) {
  check(::posix_spawn_file_actions_addclosefrom_np(&actions_, number));
}

int SpawnRecipe::run(const char* path, char* const* argv, char* const* environment, pid_t& pid) {
  return ::posix_spawn(&pid, path, &actions_, &attributes_, argv, environment);
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace procfarm::wire
