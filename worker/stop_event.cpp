// SPDX-License-Identifier: MIT
// stop_event.cpp - see stop_event.hpp.
#include "stop_event.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include <procfarm/this_task.hpp>
#include <procfarm/wire/task_context.hpp>

namespace procfarm::serving {

LocalStopEvent::LocalStopEvent() {
  if (!wire::in_local_task()) return;
  event_.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!event_) throw std::system_error(errno, std::generic_category(), "eventfd");
  signal_.emplace(this_task::stop_token(), Signal{event_.get()});
}

void LocalStopEvent::Signal::operator()() const noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = ::write(fd, &one, sizeof one);
}

}  // namespace procfarm::serving
