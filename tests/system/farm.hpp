// SPDX-License-Identifier: MIT
// farm.hpp - what the system tests share: gates that tasks wait at, journals that tasks write to, a
// few tasks, and ways to ask about processes and errors. A test waits for what it needs to have
// happened, never for a time.
#pragma once

#include <doctest/doctest.h>
#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include <procfarm/process_pool_executor.hpp>

#include "support/patience.hpp"
#include "support/sanitizers.hpp"

namespace farm {

using namespace procfarm;
using namespace std::chrono_literals;
using support::eventually;

inline constexpr bool threads_after_fork = !support::thread_sanitizer;

/// A file that tasks wait for. Closed at first; removed at the end.
class Gate {
 public:
  Gate();
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void open() const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A file to which tasks append lines, whatever becomes of them afterwards. Removed at the end.
class Journal {
 public:
  Journal();
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  std::vector<std::string> lines() const;
  /// Waits for the first `count` lines; fewer if they do not come.
  std::vector<std::string> await(std::size_t count) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// -- tasks ----------------------------------------------------------------------------------------

int doubled(int value);
int process_id();
/// Adds a line to a journal; returns it.
std::string note(const std::string& journal, const std::string& line);
/// Waits until a gate is open; returns its own process id.
int pass(const std::string& gate);
/// Notes its process id, then waits for a gate; returns `value`.
int note_and_pass(const std::string& journal, const std::string& gate, int value);
/// Notes its process id and runs for ever, deaf for SIGTERM.
void run_for_ever(const std::string& journal);
/// Notes the process id of a process that it starts in a session of its own, double-forked, deaf
/// for SIGTERM; returns it.
int leave_daemon(const std::string& journal);

// -- questions ------------------------------------------------------------------------------------

/// It runs: it is there and no zombie.
bool alive(pid_t pid);
/// Waits for its end.
bool ends(pid_t pid);
/// The process ids that a journal holds, once `count` are there.
std::vector<pid_t> pids_in(const Journal& journal, std::size_t count);

/// The error of type E that `future` ends with; any other one leaves the test case.
template <class E, class F>
E error_of(const F& future) {
  try {
    (void)future.result();
  } catch (const E& error) {
    return error;
  }
  FAIL("the task has succeeded");
  throw;
}

/// True if `text` holds `part`; shows both otherwise.
bool holds(const std::string& text, const std::string& part);

}  // namespace farm
