// SPDX-License-Identifier: MIT
// outcome.cpp - a command's status, or the type of the exception, decides the kind of failure.
#include "outcome.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <csignal>
#include <exception>
#include <string_view>
#include <typeinfo>
#include <utility>

#include <procfarm/errors.hpp>

namespace procfarm::cli {
namespace {

void fail(AttemptReport& report, FailureKind kind) {
  report.record.outcome = AttemptOutcome::failed;
  report.record.cause = cause_word(kind);
  report.kind = kind;
}

void add_info(AttemptReport& report, const AnyFuture& future) {
  const TaskInfo info = future.info();
  AttemptFinished& record = report.record;
  record.worker_pid = info.pid;
  record.started = info.started;
  record.finished = info.finished;
  record.cpu_time = info.cpu_time;
  record.peak_memory = info.peak_memory;
}

void keep(AttemptFinished& record, ExportResult& result) {
  record.stdout_bytes = std::move(result.out);
  record.stderr_bytes = std::move(result.err);
}

void keep(AttemptFinished& record, CommandResult& result) {
  record.cpu_time = result.cpu_time;
  record.peak_memory = result.peak_memory;
  record.stdout_bytes = std::move(result.out);
  record.stderr_bytes = std::move(result.err);
}

/// A task that was asked to end has answered all the same, unless it had to be killed with its
/// worker: what it printed until then is worth keeping.
template <class Result>
void keep_what_cancelled_left(AttemptReport& report, const Future<Result>& future) {
  const std::string_view left = FutureAccess::value_of_cancelled(future).bytes;
  if (left.empty()) return;
  Result result = decode_all<Result>(left.data(), left.size());
  keep(report.record, result);
}

void judge_command(AttemptReport& report, CommandResult result, const std::vector<int>& ok_exit) {
  AttemptFinished& record = report.record;
  keep(record, result);
  if (result.signal != 0) {
    record.signal = result.signal;
  } else {
    record.exit_code = result.exit_code;
  }
  if (result.timed_out) {
    fail(report, FailureKind::timeout);
  } else if (result.out_of_memory) {
    fail(report, FailureKind::memory);
  } else if (result.signal != 0) {
    fail(report, FailureKind::signal);
  } else if (std::find(ok_exit.begin(), ok_exit.end(), result.exit_code) == ok_exit.end()) {
    fail(report, FailureKind::exit);
  }
}

void judge_call(AttemptReport& report, ExportResult result) {
  AttemptFinished& record = report.record;
  keep(record, result);
  if (!result.failed) {
    record.result = std::move(result.value);
    return;
  }
  fail(report, FailureKind::exception);
  record.error_type = std::move(result.error_type);
  record.error_message = std::move(result.error_message);
  for (const std::string& cause : result.causes) record.error_message += "; caused by " + cause;
}

void judge_lost(AttemptReport& report, const WorkerLost& lost) {
  fail(report, FailureKind::worker_lost);
  if (lost.signal() != 0) report.record.signal = lost.signal();
  if (lost.exit_code() >= 0) report.record.exit_code = lost.exit_code();
  report.record.error_message = fmt::format("worker pid {}", lost.pid());
  if (lost.exit_code() >= 0) {
    report.record.error_message += fmt::format(" left with exit code {}", lost.exit_code());
  } else if (lost.signal() == SIGKILL) {
    report.record.error_message += " (perhaps out of memory)";
  } else if (lost.signal() == 0) {
    report.record.error_message = lost.what();
  }
  report.record.stderr_bytes += lost.stderr_tail();
}

void judge_thrown(AttemptReport& report, const std::exception& error) {
  fail(report, FailureKind::exception);
  report.record.error_message = error.what();
  if (const RemoteInfo* remote = remote_info(error)) {
    report.record.error_type = remote->type_name();
    report.record.error_message = remote->message();
    for (const std::string& cause : remote->causes()) {
      report.record.error_message += "; caused by " + cause;
    }
    report.record.stderr_bytes += remote->stderr_tail();
  }
}

/// To be called while the future's exception is handled.
void judge_exception(AttemptReport& report) {
  try {
    throw;
  } catch (const CancelledError&) {
    report.record.outcome = AttemptOutcome::cancelled;
    report.record.cause = "cancelled";
  } catch (const TaskTimeout&) {
    fail(report, FailureKind::timeout);
  } catch (const WorkerLost& lost) {
    judge_lost(report, lost);
  } catch (const BrokenProcessPool& broken) {
    fail(report, FailureKind::worker_lost);
    report.record.error_message = broken.what();
    report.pool_broken = true;
  } catch (const std::exception& error) {
    judge_thrown(report, error);
  } catch (...) {
    fail(report, FailureKind::exception);
    report.record.error_message = "something that is no std::exception was thrown";
  }
}

}  // namespace

std::string cause_word(FailureKind kind) {
  switch (kind) {
    case FailureKind::exit: return "exit";
    case FailureKind::signal: return "signal";
    case FailureKind::timeout: return "timeout";
    case FailureKind::memory: return "memory";
    case FailureKind::worker_lost: return "worker-lost";
    case FailureKind::exception: return "exception";
  }
  return {};
}

AttemptReport report_command(const AttemptKey& key, const Future<CommandResult>& future,
                             const std::vector<int>& ok_exit) {
  AttemptReport report{.record = {.key = key}};
  add_info(report, future);
  try {
    keep_what_cancelled_left(report, future);
    judge_command(report, future.result(), ok_exit);
  } catch (...) {
    judge_exception(report);
  }
  return report;
}

AttemptReport report_call(const AttemptKey& key, const Future<ExportResult>& future,
                          bool memory_is_limited) {
  AttemptReport report{.record = {.key = key}};
  add_info(report, future);
  try {
    keep_what_cancelled_left(report, future);
    judge_call(report, future.result());
  } catch (...) {
    judge_exception(report);
  }
  // The worker ends itself, so it looks lost.
  if (memory_is_limited && report.kind == FailureKind::worker_lost &&
      report.record.exit_code == memory_exit_code) {
    fail(report, FailureKind::memory);
    report.record.exit_code.reset();
    report.record.error_message.clear();
  }
  return report;
}

void make_failure(AttemptReport& report, const std::string& cause, const std::string& message) {
  report.record.outcome = AttemptOutcome::failed;
  report.record.cause = cause;
  report.record.error_message = message;
  report.record.result.reset();
  report.kind.reset();
}

bool retry_wanted(const Retries& retries, const AttemptReport& report) {
  if (report.record.outcome != AttemptOutcome::failed || report.pool_broken) return false;
  if (retries.on.empty()) return true;
  return std::any_of(retries.on.begin(), retries.on.end(), [&report](const RetryRule& rule) {
    if (!report.kind || rule.kind != *report.kind) return false;
    if (!rule.number) return true;
    const auto& number =
        rule.kind == FailureKind::signal ? report.record.signal : report.record.exit_code;
    return number == rule.number;
  });
}

}  // namespace procfarm::cli
