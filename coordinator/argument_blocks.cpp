// SPDX-License-Identifier: MIT
// argument_blocks.cpp - see argument_blocks.hpp.
#include "argument_blocks.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

namespace procfarm {
namespace {

constexpr std::uint64_t grain = 64 * 1024;
constexpr std::uint64_t lead = 1;  // the heads of a list of one and of an extension are 7 bytes

std::uint64_t rounded(std::uint64_t size) { return (size + grain - 1) / grain * grain; }

// A process that may not have that much address space, or files that long, is killed for asking.
bool allowed(std::uint64_t span) {
  for (const auto which : {RLIMIT_AS, RLIMIT_FSIZE}) {
    rlimit limit{};
    if (::getrlimit(which, &limit) != 0) return false;
    if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < span) return false;
  }
  rlimit space{};
  return ::getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur == RLIM_INFINITY;
}

}  // namespace

ArgumentBlocks::ArgumentBlocks(std::uint64_t span, std::uint64_t most_warm)
    : most_warm_(most_warm) {
  if (!allowed(span)) return;
  const wire::UniqueFd file(::memfd_create("procfarm-arguments", MFD_CLOEXEC));
  if (!file) throw std::system_error(errno, std::generic_category(), "memfd_create for arguments");
  if (::ftruncate(file.get(), static_cast<off_t>(span)) != 0) return;
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  readable_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!readable_) return;  // no /proc
  void* at =
      ::mmap(nullptr, span, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file.get(), 0);
  if (at == MAP_FAILED) {
    readable_.reset();
    return;
  }
  ::madvise(at, span, MADV_DONTFORK);  // what a forked copy of us writes there is nobody's argument
  ::madvise(at, span, MADV_DONTDUMP);
  begin_ = static_cast<char*>(at);
  span_ = span;
  free_[0] = {.size = span, .warm = false};
}

ArgumentBlocks::~ArgumentBlocks() {
  if (begin_ != nullptr && home_.is_current()) ::munmap(begin_, span_);
}

char* ArgumentBlocks::take(std::size_t size) {
  if (begin_ == nullptr || size >= span_ || !home_.is_current()) return nullptr;
  const std::uint64_t wanted = rounded(lead + size);
  const std::lock_guard lock(mutex_);
  auto found = first_fit(wanted);
  if (found == free_.end() && warm_ > 0) {
    cool_down();
    found = first_fit(wanted);
  }
  if (found == free_.end()) return nullptr;
  const std::uint64_t offset = cut(found, wanted);
  used_[offset] = wanted;
  return begin_ + offset + lead;
}

ArgumentBlocks::Extents::iterator ArgumentBlocks::first_fit(std::uint64_t size) {
  for (const bool warm : {true, false}) {
    const auto found = std::find_if(free_.begin(), free_.end(), [&](const auto& each) {
      return each.second.warm == warm && each.second.size >= size;
    });
    if (found != free_.end()) return found;
  }
  return free_.end();
}

// Warm extents among the cold ones leave only small pieces of either kind.
void ArgumentBlocks::cool_down() {
  warm_ = 0;
  for (auto& [offset, extent] : std::exchange(free_, {})) {
    if (extent.warm) ::madvise(begin_ + offset, extent.size, MADV_REMOVE);
    add_free(offset, {extent.size, false});
  }
}

std::uint64_t ArgumentBlocks::cut(Extents::iterator from, std::uint64_t size) {
  const auto [offset, extent] = *from;
  free_.erase(from);
  if (extent.warm) warm_ -= size;
  if (extent.size > size) free_[offset + size] = {extent.size - size, extent.warm};
  return offset;
}

void ArgumentBlocks::give_back(char* block) noexcept {
  if (!home_.is_current()) return;
  const auto offset = static_cast<std::uint64_t>(block - begin_) - lead;
  const std::lock_guard lock(mutex_);
  const auto found = used_.find(offset);
  const std::uint64_t size = found->second;
  used_.erase(found);
  const bool warm = warm_ + size <= most_warm_;
  // Refused means that the pages stay: no harm, but then they are warm.
  const bool kept = warm || ::madvise(begin_ + offset, size, MADV_REMOVE) != 0;
  add_free(offset, {size, kept});
}

void ArgumentBlocks::add_free(std::uint64_t offset, Extent extent) {
  if (extent.warm) warm_ += extent.size;
  auto next = free_.lower_bound(offset);
  if (next != free_.end() && next->first == offset + extent.size &&
      next->second.warm == extent.warm) {
    extent.size += next->second.size;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    auto& [before, last] = *std::prev(next);
    if (before + last.size == offset && last.warm == extent.warm) {
      last.size += extent.size;
      return;
    }
  }
  free_.emplace_hint(next, offset, extent);
}

wire::BlockRef ArgumentBlocks::reference(const char* block, std::size_t size) const {
  return {static_cast<std::uint64_t>(block - begin_), size};
}

std::uint64_t ArgumentBlocks::warm() const {
  const std::lock_guard lock(mutex_);
  return warm_;
}

}  // namespace procfarm
