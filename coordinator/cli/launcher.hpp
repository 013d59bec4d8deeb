// SPDX-License-Identifier: MIT
// launcher.hpp - hands attempts to executors and knows what is in flight there. Commands and
// functions of libraries share one executor; a module that is a program has its own, whose workers
// are that program. How many may be in flight over all of them, the plan decides.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <procfarm/any_future.hpp>
#include <procfarm/command.hpp>
#include <procfarm/exported.hpp>
#include <procfarm/module.hpp>
#include <procfarm/process_pool_executor.hpp>

#include "event_queue.hpp"
#include "plan.hpp"

namespace procfarm::cli {

/// A command's attempt: its limits are in the command itself, so that output survives them.
struct CommandLaunch {
  AttemptKey key{};
  Command command{};
  std::vector<int> ok_exit{0};
  std::string name{};
  int priority = 0;
};

/// A function's attempt; `arguments` is an encoded array.
struct CallLaunch {
  AttemptKey key{};
  std::string module{};
  std::string function{};
  std::string arguments{};
  std::string cwd{};
  std::map<std::string, std::string> env{};
  bool env_clear = false;
  std::string stdin_text{};
  std::string stdin_file{};
  std::optional<std::uint64_t> memory{};
  std::string build_id{};  // of the module when the job was checked
  std::string name{};
  int priority = 0;
  std::optional<Duration> timeout{};
  Duration grace = std::chrono::seconds{2};
};

/// An attempt that a worker has begun.
struct RunningAttempt {
  AttemptKey key{};
  std::string name{};
  int worker_pid = 0;
  TimePoint started{};
};

/// How many descriptors a run with `jobs` workers needs.
std::uint64_t descriptors_needed(int jobs);

/// Makes sure that `jobs` workers have the descriptors they need; raises the soft limit as far as
/// it goes. Throws std::invalid_argument, with both numbers, if that does not suffice.
void reserve_descriptors(int jobs);

/// One thread at a time. What ends is told to the queue, which must outlive it.
class Launcher {
 public:
  Launcher(int jobs, EventQueue& events) : jobs_(jobs), events_(events) {}
  ~Launcher();
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;

  /// The functions of a module, asked in a worker. Waits, and looks now and then whether it is to
  /// give up. Throws what describe_module() throws, also for a program that does not become a
  /// worker; BrokenProcessPool if there are no workers at all, and CancelledError if it has given
  /// up.
  ModuleDescription describe(
      const std::string& module, const std::function<bool()>& gives_up = [] { return false; });

  void start(CommandLaunch launch);
  void start(CallLaunch launch);

  /// To be called for every report: the attempt is no longer in flight.
  void ended(const AttemptKey& key);

  /// Takes back what has not begun; what runs goes on.
  void cancel_waiting();
  /// Ends also what runs: politely, after its grace by force.
  void cancel_running();
  /// Ends everything now. Nothing can be started any more.
  void kill();
  void suspend();
  void resume();

  /// How many attempts run in workers now.
  std::uint64_t running() const;
  /// Those of them that were handed out first, at most `limit`.
  std::vector<RunningAttempt> running_attempts(
      std::size_t limit = std::numeric_limits<std::size_t>::max()) const;

  /// What is started next counts as begun: some worker is free for it.
  bool begins_at_once() const { return counted_begun_ < static_cast<std::size_t>(jobs_); }
  /// Those that count as begun since the last call. As nobody tells when an attempt begins, these
  /// are the first in the order of submission, as many as there are workers, and others that are
  /// seen to run.
  std::vector<RunningAttempt> newly_begun();

  /// Starts what commands will need, while this process has few threads and little memory. Whether
  /// it could is told by the first that needs it.
  void warm_up();

  /// Nothing more is started, and workers without work leave. Does not wait for them: the
  /// destructor does.
  void begin_shutdown();
  /// Waits until every process is gone; all reports are in the queue then.
  void shutdown();

 private:
  struct Flight {
    AttemptKey key{};
    AnyFuture future{};
    std::string name{};
    bool counted_begun = false;
  };

  ProcessPoolExecutor& pool_of(const std::string& program);
  std::string program_of(const std::string& module);
  void add(const AttemptKey& key, AnyFuture future, std::string name);
  void report_refusal(const AttemptKey& key);

  int jobs_;
  EventQueue& events_;
  std::map<std::string, std::unique_ptr<ProcessPoolExecutor>> pools_;  // of each program; "": ours
  std::map<std::string, std::string> programs_;                        // of each module
  std::map<std::uint64_t, Flight> flights_;                            // in the order of submission
  std::unordered_map<AttemptKey, std::uint64_t, AttemptKeyHash> numbers_;
  std::uint64_t next_number_ = 0;
  std::size_t counted_begun_ = 0;  // how many of the flights
};

}  // namespace procfarm::cli
