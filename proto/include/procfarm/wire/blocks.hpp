// SPDX-License-Identifier: MIT
// blocks.hpp - large arguments in shared memory: the coordinator encodes them into a file of memory
// that all workers of the executor have mapped for reading, so they are copied once and a function
// that takes a view sees them in place. Such a task's bytes in a batch are a BlockRef only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <procfarm/wire/unique_fd.hpp>

namespace procfarm::wire {

/// Where in the file the arguments of one task lie.
struct BlockRef {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

/// In a batch's column of sizes: not the size, but the mark of a BlockRef.
inline constexpr std::uint32_t block_mark = 0xffff'ffff;
/// How many bytes of the batch's payload belong to a task with this entry in the column of sizes.
constexpr std::uint32_t bytes_in_batch(std::uint32_t size) {
  return size == block_mark ? static_cast<std::uint32_t>(sizeof(BlockRef)) : size;
}

/// The worker's view of the file. One thread at a time; what it returns is valid as long as it is.
class BlockView {
 public:
  /// Maps all of the file behind `fd`; -1 or an empty file: there are no blocks. Throws
  /// std::system_error.
  explicit BlockView(UniqueFd fd);
  BlockView(const BlockView&) = delete;
  BlockView& operator=(const BlockView&) = delete;
  ~BlockView();

  /// The arguments that `batch_bytes`, a BlockRef, stands for. Throws std::runtime_error if it
  /// points outside.
  std::string_view at(std::string_view batch_bytes) const;

 private:
  const char* begin_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace procfarm::wire
