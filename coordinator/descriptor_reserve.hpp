// SPDX-License-Identifier: MIT
// descriptor_reserve.hpp - file descriptors kept back for the connections of workers: one is set
// free just before a worker is started, so that a program which has used up all others still gets
// its workers replaced. Another thread may be quicker and take it; then that start is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <procfarm/wire/unique_fd.hpp>

namespace procfarm {

/// One thread at a time.
class DescriptorReserve {
 public:
  /// For that many workers. Raises the soft limit of open files as far as they need it; throws
  /// std::system_error that names need and limit when the hard limit is too low.
  explicit DescriptorReserve(std::size_t workers);

  /// One more worker will connect, so that `connecting` connections are awaited. Throws
  /// std::system_error when there are not descriptors enough for them.
  void set_free(std::size_t connecting);
  /// A connection has ended, or did not come.
  void keep_one();
  /// The soft limit as the program has set it: workers get that back.
  std::uint64_t limit_of_program() const { return limit_of_program_; }

 private:
  wire::UniqueFd one_more() const;

  std::size_t capacity_;
  std::uint64_t limit_of_program_;
  wire::UniqueFd source_;  // what all of them are copies of
  std::vector<wire::UniqueFd> kept_;
};

}  // namespace procfarm
