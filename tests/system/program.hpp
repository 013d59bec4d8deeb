// SPDX-License-Identifier: MIT
// program.hpp - this test binary as a program of its own, for tests in which the coordinator itself
// dies, ends, or lacks something. What it does stands in a test case that is skipped otherwise.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>

namespace farm {

/// The process is killed and reaped at the end, unless it was waited for.
class Program {
 public:
  /// Starts the binary anew, to run the skipped test case of this name with `env` added.
  Program(const std::string& test_case, const std::map<std::string, std::string>& env);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  void kill(int signal);
  /// Its status as of waitpid(2).
  int wait();

 private:
  pid_t pid_ = 0;
  bool waited_ = false;
};

/// In the program: shares the temporary directory of the test that has started it.
void share_directory();
/// In the program: what the test has handed over in `env`.
std::string handed(const std::string& name);

}  // namespace farm
