// SPDX-License-Identifier: MIT
// runner_stops.cpp - whatever ends a run before its work does: signals, --halt, an output that
// nobody reads or that cannot be written.
#include <fmt/format.h>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "diagnostic.hpp"
#include "output_stream.hpp"
#include "runner.hpp"

namespace procfarm::cli {
namespace {

constexpr std::size_t most_told = 20;

}  // namespace

void Runner::handle_signals() {
  for (const int signal : signals_.take()) handle_signal(signal);
}

void Runner::handle_signal(int signal) {
  switch (signal) {
    case SIGUSR1: tell_running(); return;
    case SIGTSTP: suspend(); return;
    case SIGCONT: return;
    case SIGUSR2:
      ending_.stopped_early();
      drain("SIGUSR2: nothing more is started" + while_running(", running tasks finish"));
      return;
    default: break;
  }
  ending_.signalled(signal);
  interrupts_ += signal == SIGINT || interrupts_ > 0 ? 1 : 2;  // TERM and HUP are the second Ctrl-C
  if (!reporter_) {
    plan_->stop();
  } else if (interrupts_ == 1) {
    drain("interrupted: nothing more is started" +
          while_running(", running tasks finish (again: ends them)"));
  } else if (interrupts_ == 2) {
    cancel_all("ending the running tasks (once more: kills them)");
  } else {
    kill_all();
  }
}

void Runner::tell(const std::string& text) {
  if (reporter_) return reporter_->message(text);
  OutputStream err(2);  // the run has not begun
  err.write("procfarm: " + escape_control(text) + "\n");
  err.flush();
}

/// The words, if they are true: at the end of a run nothing runs.
std::string Runner::while_running(const char* words) const {
  return plan_->in_flight() > 0 ? words : "";
}

void Runner::drain(const std::string& text) {
  tell(text);
  plan_->stop();
  launcher_.cancel_waiting();
}

void Runner::cancel_all(const std::string& text) {
  drain(text);
  launcher_.cancel_running();
}

void Runner::kill_all() {
  if (killed_) return;
  killed_ = true;
  drain("killing the running tasks");
  launcher_.kill();
}

void Runner::suspend() {
  launcher_.suspend();
  if (reporter_) reporter_->hide();
  ::raise(SIGSTOP);  // goes on here after SIGCONT
  launcher_.resume();
}

void Runner::tell_running() {
  const auto running = launcher_.running_attempts(most_told);
  tell(fmt::format("{} running", launcher_.running()));
  for (const RunningAttempt& attempt : running) {
    tell(fmt::format("  {}, for {}, worker {}", attempt.name,
                     format_duration(std::chrono::system_clock::now() - attempt.started),
                     attempt.worker_pid));
  }
}

void Runner::check_outputs() {
  const int error = reporter_->output_error();
  if (error == EPIPE) {
    ending_.signalled(SIGPIPE);
    if (plan_->stopped()) return;
    cancel_all("nobody reads standard output" + while_running(": ending the running tasks"));
  } else if (error != 0 || reporter_->file_error()) {
    ending_.write_failed();
    const std::string what = error != 0 ? std::string("standard output: ") + std::strerror(error)
                                        : *reporter_->file_error();
    if (!plan_->stopped()) drain("cannot write " + what + while_running("; running tasks finish"));
  }
}

void Runner::check_halt() {
  const auto& policy = options_.running.halt;
  if (!policy || plan_->stopped() ||
      !halt_reached(*policy, plan_->counts(), plan_->total(row_counts_))) {
    return;
  }
  ending_.stopped_early();
  if (policy->pace == HaltPolicy::Pace::now) {
    cancel_all("--halt: ending the running tasks");
  } else {
    drain("--halt: nothing more is started" + while_running(", running tasks finish"));
  }
}

}  // namespace procfarm::cli
