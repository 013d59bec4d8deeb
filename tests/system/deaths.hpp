// SPDX-License-Identifier: MIT
// deaths.hpp - the ways in which a worker can die in mid-task, and how its task should look then.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "farm.hpp"

namespace farm {

enum class Way { none, throws, exits_0, exits_7, quick_exits, killed, segfault, aborts };

inline void go(Way way) {
  switch (way) {
    case Way::none: return;
    case Way::throws: throw std::runtime_error("sprung");
    case Way::exits_0: std::exit(0);
    case Way::exits_7: ::_exit(7);
    case Way::quick_exits: std::quick_exit(8);
    case Way::killed: ::raise(SIGKILL); return;
    case Way::segfault: ::raise(SIGSEGV); return;
    case Way::aborts: std::abort();
  }
}

inline int crash_running(Way way) {
  go(way);
  return 1;
}

struct Death {
  Way way;
  int signal;
  int exit_code;
};
inline const std::vector<Death> deaths = {
    {Way::exits_0, 0, 0},       {Way::exits_7, 0, 7},         {Way::quick_exits, 0, 8},
    {Way::killed, SIGKILL, -1}, {Way::segfault, SIGSEGV, -1}, {Way::aborts, SIGABRT, -1},
};

template <class F>
void check_lost(const F& future, const Death& death) {
  const auto lost = error_of<WorkerLost>(future);
  CHECK(lost.signal() == death.signal);
  CHECK(lost.exit_code() == death.exit_code);
  CHECK(lost.pid() > 0);
  CHECK(lost.attempt() == 1);
  CHECK(std::string(lost.what()).size() > 0);
}

}  // namespace farm
