// SPDX-License-Identifier: MIT
// call_surroundings.hpp - what a function called by name finds around it: working directory,
// environment, standard input, a limit of memory. What was there before comes back with its end.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include <procfarm/exported.hpp>
#include <procfarm/wire/unique_fd.hpp>

namespace procfarm::serving {

class MemoryWatch;

/// One thread at a time: all of it belongs to the whole process.
class CallSurroundings {
 public:
  /// Throws std::system_error for a directory or file that cannot be opened.
  explicit CallSurroundings(const ExportCall& call);
  ~CallSurroundings();
  CallSurroundings(const CallSurroundings&) = delete;
  CallSurroundings& operator=(const CallSurroundings&) = delete;

 private:
  void enter(const std::string& path);
  void set_environment(const ExportCall& call);
  void set_input(const ExportCall& call);
  void restore();

  wire::UniqueFd directory_;  // where we were
  wire::UniqueFd input_;      // what standard input was
  // setenv() would keep every value that there ever was: a worker would grow with its tasks.
  std::list<std::string> variables_{};  // name=value, as they stand in the environment meanwhile
  std::vector<char*> before_{};         // entries that come back
  std::vector<std::string> added_{};    // names that go
  bool cleared_ = false;                // then `before_` is the whole environment
  std::unique_ptr<MemoryWatch> watch_;  // null without a limit
};

}  // namespace procfarm::serving
