// SPDX-License-Identifier: MIT
// supervisor.cpp - see supervisor.hpp.
#include "supervisor.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

#include <procfarm/wire/packet.hpp>

#include "clean_start.hpp"
#include "preload.hpp"
#include "process_tree.hpp"
#include "worker.hpp"

namespace procfarm::serving {

using namespace std::chrono_literals;
using wire::Order;
using wire::Report;
using wire::UniqueFd;

namespace {

constexpr auto kill_limit = 2s;  // then a tree counts as unkillable and others get their turn
constexpr auto end_limit = 20s;  // the same when all ends

UniqueFd open_pidfd(pid_t pid) {
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) throw std::system_error(errno, std::generic_category(), "pidfd_open");
  return pidfd;
}

pthread_t serving_thread;

/// Threads that were there before `main`, of static objects, have not blocked the signal: the
/// kernel may give it to one of them.
void hand_on(int signal) { ::pthread_kill(serving_thread, signal); }

UniqueFd open_child_signals() {
  serving_thread = ::pthread_self();
  struct sigaction action {};
  action.sa_handler = hand_on;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGCHLD, &action, nullptr);
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  ::pthread_sigmask(SIG_BLOCK, &child, nullptr);
  UniqueFd fd(::signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) throw std::system_error(errno, std::generic_category(), "signalfd");
  return fd;
}

/// True: there are no children any more, and so, because orphans come to us, nothing below us.
bool reap_all() {
  pid_t pid;
  do {
    pid = ::waitpid(-1, nullptr, WNOHANG | __WALL);
  } while (pid > 0);
  return pid < 0 && errno == ECHILD;
}

std::int64_t cpu_time(const rusage& usage) {
  const auto nanoseconds = [](const timeval& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_usec * 1000;
  };
  return nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
}

}  // namespace

Supervisor::Supervisor(UniqueFd control, const wire::SupervisorConfig& config)
    : config_(config),
      control_(std::move(control)),
      coordinator_(open_pidfd(config.coordinator_pid)),
      self_(open_pidfd(::getpid())),
      child_signals_(open_child_signals()) {}

void Supervisor::run() {
  // The pidfd is the coordinator's only if that was still our parent after it was opened.
  const bool wanted = ::getppid() == config_.coordinator_pid && preload();
  while (wanted && wait_for_events()) {
  }
  send_reports();
  end_everything();
}

bool Supervisor::preload() {
  const std::string problem = run_preload(config_);
  report({.kind = problem.empty() ? Report::Kind::ready : Report::Kind::preload_failed,
          .pid = ::getpid()},
         problem);
  return problem.empty();
}

bool Supervisor::wait_for_events() {
  const auto wants_out = static_cast<short>(unsent_.empty() ? POLLIN : POLLIN | POLLOUT);
  pollfd items[] = {{control_.get(), wants_out, 0},
                    {coordinator_.get(), POLLIN, 0},
                    {child_signals_.get(), POLLIN, 0}};
  if (::poll(items, std::size(items), -1) < 0) return errno == EINTR;
  if (items[1].revents != 0) return false;
  if (items[2].revents != 0) {
    signalfd_siginfo ignored[16];
    while (::read(child_signals_.get(), ignored, sizeof ignored) > 0) {
    }
    reap();
  }
  if (items[0].revents & POLLOUT) send_reports();
  return (items[0].revents & ~POLLOUT) == 0 || take_orders();
}

bool Supervisor::take_orders() {
  Order order;
  std::vector<UniqueFd> fds;
  for (;;) {
    switch (wire::receive_packet(control_.get(), &order, sizeof order, fds)) {
      case wire::Received::packet: carry_out(order, std::move(fds)); break;
      case wire::Received::nothing: return true;
      case wire::Received::closed: return false;
    }
  }
}

void Supervisor::carry_out(const Order& order, std::vector<UniqueFd> fds) {
  if (order.kind == Order::Kind::spawn) return spawn(order, std::move(fds));
  if (order.kind == Order::Kind::signal_all) return signal_all(order.signal);
  if (order.kind == Order::Kind::suspend || order.kind == Order::Kind::resume) {
    const int signal = order.kind == Order::Kind::suspend ? SIGSTOP : SIGCONT;
    signal_all(signal);
    for (const WorkerProcess& worker : workers_) signal_below(worker.pid, signal);
    if (signal == SIGSTOP) report({.kind = Report::Kind::suspended});
    return;
  }
  const WorkerProcess* worker = find(order.life);
  if (worker == nullptr) return;  // it has left already; the report is on its way
  if (order.kind == Order::Kind::kill) kill_tree(worker->pid, kill_limit);
  if (order.kind == Order::Kind::signal) ::kill(worker->pid, order.signal);
}

void Supervisor::spawn(const Order& order, std::vector<UniqueFd> fds) {
  const std::size_t blocks = order.has_blocks != 0;
  const std::size_t expected = 5 + blocks + (order.has_stdout != 0) + (order.has_stderr != 0);
  if (fds.size() != expected) {
    report({.kind = Report::Kind::start_failed, .life = order.life, .status = EMFILE},
           "receive descriptors");
    return;
  }
  const CapturedOutput output{.out = order.has_stdout != 0 ? fds[5 + blocks].get() : -1,
                              .err = order.has_stderr != 0 ? fds.back().get() : -1};
  try {
    WorkerSeat seat{
        .life = order.life,
        .token = std::string(reinterpret_cast<const char*>(order.token), sizeof order.token),
        .farm = config_,
        .page = std::move(fds[0]),
        .arena = std::move(fds[1]),
        .stop = std::move(fds[2]),
        .line = std::move(fds[3]),
        .bell = std::move(fds[4]),
        .blocks = blocks != 0 ? std::move(fds[5]) : UniqueFd(),
        .supervisor = wire::duplicate_above(self_.get(), 3),
        .coordinator = wire::duplicate_above(coordinator_.get(), 3)};
    const bool executes = config_.start_method == 1;
    const pid_t pid = executes
                          ? execute_worker(seat, output)
                          : fork_worker(output, {control_.get(), coordinator_.get(), self_.get(),
                                                 child_signals_.get(), output.out, output.err});
    if (pid == 0) serve_worker(std::move(seat));
    workers_.push_back({order.life, pid});
    report({.kind = Report::Kind::started, .life = order.life, .pid = pid});
  } catch (const std::system_error& error) {
    report({.kind = Report::Kind::start_failed, .life = order.life, .status = error.code().value()},
           error.what());
  }
}

void Supervisor::signal_all(int signal) {
  for (const WorkerProcess& worker : workers_) ::kill(worker.pid, signal);
}

void Supervisor::reap() {
  std::vector<Report> ended;
  bool childless = false;
  for (;;) {
    int status = 0;
    rusage usage{};
    const pid_t pid = ::wait4(-1, &status, WNOHANG | __WALL, &usage);
    childless = pid < 0 && errno == ECHILD;
    if (pid <= 0) break;
    const auto worker = std::find_if(workers_.begin(), workers_.end(),
                                     [pid](const WorkerProcess& each) { return each.pid == pid; });
    if (worker == workers_.end()) continue;
    ended.push_back({.kind = Report::Kind::exited,
                     .life = worker->life,
                     .pid = pid,
                     .status = status,
                     .cpu = cpu_time(usage),
                     .peak_memory = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024});
    workers_.erase(worker);
  }
  // A worker is reported gone only when what it left behind is gone too.
  if (!childless) kill_strays();
  for (const Report& each : ended) report(each);
}

void Supervisor::kill_strays() {
  const auto deadline = std::chrono::steady_clock::now() + kill_limit;
  for (bool found = true; found && std::chrono::steady_clock::now() < deadline;) {
    found = false;
    for (const pid_t child : children_of(::getpid())) {
      const bool is_worker =
          std::any_of(workers_.begin(), workers_.end(),
                      [child](const WorkerProcess& worker) { return worker.pid == child; });
      if (is_worker || !is_running(child)) continue;
      kill_tree(child, kill_limit);
      found = true;
    }
    if (found) ::usleep(200);
  }
}

void Supervisor::end_everything() {
  const auto deadline = std::chrono::steady_clock::now() + end_limit;
  while (!reap_all() && std::chrono::steady_clock::now() < deadline) {
    kill_below(::getpid(), kill_limit);
    if (reap_all()) return;
    ::usleep(1000);
  }
}

void Supervisor::report(Report report, const std::string& text) {
  std::strncpy(report.text, text.c_str(), sizeof report.text - 1);
  unsent_.push_back(report);
  send_reports();
}

void Supervisor::send_reports() {
  while (!unsent_.empty()) {
    const int error = wire::send_packet(control_.get(), &unsent_.front(), sizeof(Report));
    if (error == EAGAIN) return;
    unsent_.pop_front();  // any other error: the coordinator is gone, and the next poll tells
  }
}

Supervisor::WorkerProcess* Supervisor::find(wire::SeatLife life) {
  const auto worker = std::find_if(workers_.begin(), workers_.end(),
                                   [life](const WorkerProcess& each) { return each.life == life; });
  return worker == workers_.end() ? nullptr : &*worker;
}

}  // namespace procfarm::serving
