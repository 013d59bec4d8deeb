// SPDX-License-Identifier: MIT
// error_record.hpp - why a task failed, for reasons known on this side: kept as plain facts, so
// that each call of result() can throw a fresh exception.
#pragma once

#include <cstdint>
#include <exception>
#include <string>

#include <procfarm/duration.hpp>
#include <procfarm/errors.hpp>

namespace procfarm {

struct ErrorRecord {
  enum class Kind : std::uint8_t {
    none,
    worker_lost,
    task_timeout,
    serialization,  // of arguments, here
    dependency,
    broken,
    shutdown,
    thrown,  // by a task of this process: `cause`, or an equal one where its type is known
  };
  Kind kind = Kind::none;
  TaskRef task{};
  std::string text{};
  std::string stderr_tail{};
  int signal = 0;
  int exit_code = -1;
  Duration limit{};
  std::exception_ptr cause{};

  /// A fresh exception object for these facts.
  std::exception_ptr make() const;
};

}  // namespace procfarm
