// SPDX-License-Identifier: MIT
// watch.cpp - see watch.hpp.
#include "watch.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <iterator>
#include <system_error>

#include <procfarm/wire/signals_blocked.hpp>

#include "clean_start.hpp"
#include "process_tree.hpp"

namespace procfarm::serving {

using namespace std::chrono_literals;

Watch::Watch(const WorkerSeat& worker, const wire::Seat& memory, RunningTask& running)
    : worker_(worker),
      memory_(memory),
      running_(running),
      end_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!end_) throw std::system_error(errno, std::generic_category(), "eventfd");
  const wire::AllSignalsBlocked blocked;  // inherited by the thread
  thread_ = std::thread(&Watch::run, this);
}

Watch::~Watch() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = ::write(end_.get(), &one, sizeof one);
  thread_.join();
}

void Watch::run() {
  for (;;) {
    pollfd items[] = {{worker_.supervisor.get(), POLLIN, 0},
                      {worker_.coordinator.get(), POLLIN, 0},
                      {memory_.stop_fd(), POLLIN, 0},
                      {end_.get(), POLLIN, 0}};
    if (::poll(items, std::size(items), -1) <= 0) continue;
    if (items[0].revents != 0 || items[1].revents != 0) die_with_all_below();
    if (items[2].revents != 0 && memory_.hear_stop()) running_.stop_if_asked();
    if (items[3].revents != 0) return;
  }
}

void Watch::die_with_all_below() {
  // Done by a child: it can stop this process first, so that no task starts anything meanwhile.
  const pid_t worker = ::getpid();
  const pid_t killer = ::fork();
  if (killer == 0) {
    close_all_but({});
    kill_tree(worker, 10s, ::getpid());
    ::_exit(0);
  }
  if (killer < 0) {
    kill_below(worker, 10s);
    ::_exit(0);
  }
  for (;;) ::pause();
}

}  // namespace procfarm::serving
