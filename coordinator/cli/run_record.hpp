// SPDX-License-Identifier: MIT
// run_record.hpp - what is recorded of a run, as plain values: the words that RunWriter writes and
// RunReader reads. Where they lie in the file is run_schema's business.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <procfarm/duration.hpp>
#include <string>
#include <string_view>

namespace procfarm::cli {

/// One instance of a task: the task's place in the job file and the instance's index, both from 0.
struct InstanceKey {
  std::uint32_t task = 0;
  std::uint64_t index = 0;
  bool operator==(const InstanceKey&) const = default;
};

/// One attempt of an instance, counted from 1. Attempt 0 stands for an instance that was settled
/// without one (skipped, cancelled).
struct AttemptKey {
  InstanceKey instance{};
  int attempt = 1;
  bool operator==(const AttemptKey&) const = default;
};

struct AttemptKeyHash {
  std::size_t operator()(const AttemptKey& key) const noexcept {
    const std::uint64_t mixed = (std::uint64_t{key.instance.task} << 44U) ^
                                (key.instance.index << 6U) ^
                                static_cast<std::uint64_t>(key.attempt);
    return std::hash<std::uint64_t>{}(mixed);
  }
};

enum class AttemptOutcome { running, passed, failed, skipped, cancelled };

/// The word in the database, such as `passed`.
std::string_view outcome_name(AttemptOutcome outcome);
/// The reverse; empty for a word that is none.
std::optional<AttemptOutcome> outcome_named(std::string_view name);

/// What a run is started with.
struct RunDescription {
  std::string id{};
  std::string name{};
  std::string job_file{};
  std::string job_text{};
  std::string job_hash{};
  std::string command_line{};
  std::string version{};
  std::string host{};
  int pid = 0;
  int workers = 0;
  TimePoint started{};
};

/// How a run ended. `state` is a word such as `passed`, `failed`, `stopped`, `cancelled`.
struct RunEnd {
  std::string state{};
  int exit_code = 0;
  TimePoint finished{};
};

/// One task of the job. `instances` is empty while their number is not known.
struct TaskDescription {
  std::uint32_t task = 0;
  std::string name{};
  std::string kind{};        // command, shell, function
  std::string definition{};  // JSON
  std::optional<std::uint64_t> instances{};
};

struct InstanceCount {
  std::uint32_t task = 0;
  std::uint64_t instances = 0;
};

struct AttemptStarted {
  AttemptKey key{};
  int worker_pid = 0;
  TimePoint started{};
  std::string label{};  // the instance's data, for people
  std::string hash{};   // what it does, for resume; bytes
};

struct AttemptFinished {
  AttemptKey key{};
  AttemptOutcome outcome = AttemptOutcome::passed;
  bool settled = true;  // false: a further attempt follows
  std::string cause{};  // of a failure: exit, signal, timeout, memory, worker-lost, exception, ...
  int worker_pid = 0;
  TimePoint started{};
  TimePoint finished{};
  std::optional<int> exit_code{};
  std::optional<int> signal{};
  Duration cpu_time{};
  std::uint64_t peak_memory = 0;  // bytes
  std::string error_type{};
  std::string error_message{};
  std::string label{};
  std::string hash{};
  std::uint64_t instances = 1;          // more: of a task that was skipped as a whole
  std::optional<std::string> result{};  // msgpack; empty for a command
  std::string stdout_bytes{};
  std::string stderr_bytes{};

  /// From its begin to its end; nothing while it runs, or if the tool died under it: nobody saw the
  /// end then.
  std::optional<Duration> took() const {
    if (finished == TimePoint{}) return std::nullopt;
    return std::max(Duration(finished - started), Duration::zero());  // clocks may be set back
  }
};

/// An instance whose rows tell an end runs again: its attempts are still true, their end is not.
struct InstanceReopened {
  InstanceKey key{};
};

/// Rows that stand where other work is to go are put aside, with their output.
struct ShelvedRows {
  std::uint32_t shelf = 1;
  std::uint32_t task = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // inclusive
};

/// The job has only tasks below this number now; their rows are shelved already.
struct TasksForgotten {
  std::uint32_t first = 0;
};

/// Rows that were put aside become those of an instance that does the same work.
struct RestoredRows {
  std::uint32_t shelf = 1;
  InstanceKey from{};
  InstanceKey to{};
};

}  // namespace procfarm::cli
