// SPDX-License-Identifier: MIT
// home_process.hpp - the process in which an executor was made. Its threads exist there only, so in
// a process that was forked from it everything has to be refused.
#pragma once

#include <cstdint>

namespace procfarm {

/// A value; means the process that made it. Any thread.
class HomeProcess {
 public:
  HomeProcess();
  bool is_current() const;
  /// Throws std::logic_error elsewhere.
  void check() const;

 private:
  std::uint64_t generation_;
};

}  // namespace procfarm
