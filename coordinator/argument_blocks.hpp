// SPDX-License-Identifier: MIT
// argument_blocks.hpp - the memory from which large arguments of one executor reach its workers
// (wire/blocks.hpp). A file of memory of some hundred gigabytes that takes no more than what was
// written: mapped for writing here, for reading by each worker. Blocks come from it by first fit; a
// few hundred megabytes that were used stay as they are, because warm pages are what makes it fast,
// and the pages of what is free beyond that go back to the system.
//
// Where the limits of the process forbid such a mapping there are no blocks, and arguments travel
// in messages. The same in a process that was forked from the executor's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include <procfarm/codec/writer.hpp>
#include <procfarm/wire/blocks.hpp>
#include <procfarm/wire/unique_fd.hpp>

#include "home_process.hpp"

namespace procfarm {

/// Any thread. Lives as long as the executor and the last of its blocks.
class ArgumentBlocks final : public WriterMemory {
 public:
  static constexpr std::uint64_t usual_span = std::uint64_t{64} << 30;
  static constexpr std::uint64_t usual_warm = std::uint64_t{512} << 20;

  /// `span` bytes of address space; so many that are free may stay warm. Throws std::system_error
  /// if there is no descriptor for it.
  explicit ArgumentBlocks(std::uint64_t span = usual_span, std::uint64_t most_warm = usual_warm);
  ~ArgumentBlocks();
  ArgumentBlocks(const ArgumentBlocks&) = delete;
  ArgumentBlocks& operator=(const ArgumentBlocks&) = delete;

  /// At least `size` bytes with anything in them; null: none to be had. Begins so that in the
  /// arguments of a function with one parameter the elements of a vector lie aligned.
  char* take(std::size_t size) override;
  void give_back(char* block) noexcept override;
  /// Of `size` bytes in a block that was taken.
  wire::BlockRef reference(const char* block, std::size_t size) const;

  /// For workers: cannot be written through. -1: there are no blocks.
  int fd() const { return readable_.get(); }
  /// Bytes that are free and warm (for tests).
  std::uint64_t warm() const;

 private:
  struct Extent {
    std::uint64_t size = 0;
    bool warm = false;  // its pages are there
  };
  using Extents = std::map<std::uint64_t, Extent>;  // by offset

  Extents::iterator first_fit(std::uint64_t size);
  void cool_down();
  std::uint64_t cut(Extents::iterator from, std::uint64_t size);
  void add_free(std::uint64_t offset, Extent extent);

  const HomeProcess home_;
  const std::uint64_t most_warm_;
  std::uint64_t span_ = 0;
  char* begin_ = nullptr;
  wire::UniqueFd readable_;

  mutable std::mutex mutex_;
  Extents free_;
  std::map<std::uint64_t, std::uint64_t> used_;  // offset, size
  std::uint64_t warm_ = 0;
};

/// A block with its owner; what a Payload holds of it.
struct OwnedBlock {
  OwnedBlock(std::shared_ptr<ArgumentBlocks> from, char* taken)
      : owner(std::move(from)), data(taken) {}
  ~OwnedBlock() { owner->give_back(data); }
  OwnedBlock(const OwnedBlock&) = delete;
  OwnedBlock& operator=(const OwnedBlock&) = delete;

  const std::shared_ptr<ArgumentBlocks> owner;
  char* const data;
};

}  // namespace procfarm
