// SPDX-License-Identifier: MIT
// control.hpp - what coordinator and supervisor say to each other over their inherited socketpair
// (SOCK_SEQPACKET, one fixed-size struct a packet, both ends are the same build). Orders go to the
// supervisor, reports come back. Closing the socket is the order to end everything.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <procfarm/wire/unique_fd.hpp>

namespace procfarm::wire {

/// Which life of which seat.
struct SeatLife {
  std::uint32_t seat = 0;
  std::uint32_t incarnation = 0;
  bool operator==(const SeatLife&) const = default;
};

struct Order {
  enum class Kind : std::uint32_t {
    spawn,       // carries descriptors: page, arena, line, bell, then the memory for arguments,
                 // standard output and error if captured (each of these may be absent: see flags)
    kill,        // SIGSTOP the worker, SIGKILL all below it, then itself
    signal,      // `signal` to one worker
    signal_all,  // `signal` to every worker
    suspend,     // SIGSTOP every worker and all below it
    resume,      // SIGCONT the same
  };
  Kind kind = Kind::spawn;
  SeatLife life{};
  std::int32_t signal = 0;
  std::uint32_t has_blocks = 0;
  std::uint32_t has_stdout = 0;
  std::uint32_t has_stderr = 0;
  unsigned char token[16]{};  // spawn: what the worker shows at first contact
};

struct Report {
  enum class Kind : std::uint32_t {
    ready,           // supervisor is up, preload has run
    preload_failed,  // `text` says why; the supervisor leaves
    started,         // `pid`
    start_failed,    // `status` is errno, `text` the call
    exited,          // `status` as from wait, `cpu` ns, `peak_memory` bytes
    suspended,       // the order to suspend has been carried out
  };
  Kind kind = Kind::ready;
  SeatLife life{};
  std::int32_t pid = 0;
  std::int32_t status = 0;
  std::int64_t cpu = 0;
  std::uint64_t peak_memory = 0;
  char text[1024]{};
};

/// A module as both sides recognise it.
struct ModuleName {
  std::string build_id;
  std::uint64_t digest = 0;
  bool operator==(const ModuleName&) const = default;
};

/// What the supervisor must know before it starts anything. Travels in a memfd (codec bytes).
struct SupervisorConfig {
  std::uint32_t start_method = 0;      // as in StartMethod: forkserver, spawn, fork
  std::uint64_t preload_function = 0;  // packed FunctionId; only if preload_set
  bool preload_set = false;
  std::string preload_arguments;
  std::uint64_t initializer_function = 0;
  bool initializer_set = false;
  std::string initializer_arguments;
  std::map<std::string, std::string>
      env;  // fork: set after the fork; else already in the environment
  std::int32_t coordinator_pid = 0;
  std::uint64_t soft_nofile = 0;    // restored in workers
  std::vector<ModuleName> modules;  // 1, 2, ... in the coordinator's numbers; later ones are sent
};

/// The environment variable by which an executed copy of the program learns that it is a
/// "supervisor" or, with StartMethod::spawn, a "worker"; a space and the number of the process that
/// started it follow. Its descriptors have known numbers. init() removes it.
inline constexpr const char* serve_variable = "PROCFARM_SERVE";

/// Was init() called in this process (or are we inside a worker)? Set by worker/, asked by
/// coordinator/.
bool initialized();
void set_initialized();

/// Runs the supervisor on these descriptors and never returns (StartMethod::fork calls it in the
/// forked child). Defined in worker/.
[[noreturn]] void serve_supervisor(UniqueFd control, const SupervisorConfig& config);

}  // namespace procfarm::wire
