// SPDX-License-Identifier: MIT
// blocks.cpp - see blocks.hpp.
#include <procfarm/wire/blocks.hpp>

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace procfarm::wire {

BlockView::BlockView(UniqueFd fd) {
  struct stat file {};
  if (!fd || ::fstat(fd.get(), &file) != 0 || file.st_size == 0) return;
  size_ = static_cast<std::size_t>(file.st_size);
  void* at = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd.get(), 0);
  if (at == MAP_FAILED) {
    throw std::system_error(errno, std::generic_category(), "mmap of the memory for arguments");
  }
  ::madvise(at, size_, MADV_DONTDUMP);
  begin_ = static_cast<const char*>(at);
}

BlockView::~BlockView() {
  if (begin_ != nullptr) ::munmap(const_cast<char*>(begin_), size_);
}

std::string_view BlockView::at(std::string_view batch_bytes) const {
  BlockRef ref;
  if (batch_bytes.size() != sizeof ref)
    throw std::runtime_error("a malformed reference to a block");
  std::memcpy(&ref, batch_bytes.data(), sizeof ref);
  if (ref.size > size_ || ref.offset > size_ - ref.size) {
    throw std::runtime_error("a reference to a block outside of the memory for arguments");
  }
  return {begin_ + ref.offset, ref.size};
}

}  // namespace procfarm::wire
