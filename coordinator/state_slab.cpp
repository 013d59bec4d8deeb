// SPDX-License-Identifier: MIT
// state_slab.cpp - see state_slab.hpp.
#include "state_slab.hpp"

#include <pthread.h>
#include <sys/mman.h>

#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

namespace procfarm::detail {

// A sanitizer sees more of what malloc has given.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
void* take_state_place(std::size_t size) { return ::operator new(size); }
void free_state_place(void* place) noexcept { ::operator delete(place); }

#else

namespace {

constexpr std::size_t block_size = std::size_t{2} << 20;
constexpr std::uint32_t batch = 128;
// Blocks that are free as a whole: what 800,000 tasks take. To get their pages from the kernel
// again for the next batch is an eighth of what tiny tasks cost.
constexpr std::size_t most_kept = 64;

struct Place {
  Place* next;
};

/// Head of a block; its places follow.
struct Block {
  Place* free = nullptr;
  std::uint32_t free_count = 0;
  std::uint32_t unused = 0;  // places that were never taken, at the end
  Block* next = nullptr;     // in the list of blocks with something to give
  Block* previous = nullptr;
  bool listed = false;

  bool has_some() const { return free != nullptr || unused > 0; }
  bool is_free() const;
  /// Of one that is free: its places are taken in their order again.
  void reset();
  Place* take();
};

constexpr std::size_t head_size = 64;
static_assert(sizeof(Block) <= head_size);
constexpr auto places_in_block =
    static_cast<std::uint32_t>((block_size - head_size) / state_place_size);

bool Block::is_free() const { return free_count + unused == places_in_block; }

void Block::reset() {
  free = nullptr;
  free_count = 0;
  unused = places_in_block;
}

Place* Block::take() {
  if (free != nullptr) {
    --free_count;
    return std::exchange(free, free->next);
  }
  const std::size_t index = places_in_block - unused--;
  char* const first = reinterpret_cast<char*>(this) + head_size;
  return reinterpret_cast<Place*>(first + index * state_place_size);
}

Block* block_of(Place* place) {
  return reinterpret_cast<Block*>(reinterpret_cast<std::uintptr_t>(place) & ~(block_size - 1));
}

/// All blocks of the process. Everything under its mutex.
class Blocks {
 public:
  Place* take_batch(std::uint32_t& count) {
    const std::lock_guard lock(mutex_);
    Place* chain = nullptr;
    for (count = 0; count < batch;) {
      if (available_ == nullptr && count > 0) break;
      if (available_ == nullptr) add_block();
      Block& block = *available_;
      if (block.is_free()) --kept_;
      for (; count < batch && block.has_some(); ++count) {
        Place* const place = block.take();
        place->next = std::exchange(chain, place);
      }
      if (!block.has_some()) unlist(block);
    }
    return chain;
  }

  /// The first `count` of the chain; returns the rest.
  Place* give_back(Place* chain, std::uint32_t count) {
    const std::lock_guard lock(mutex_);
    for (; count > 0 && chain != nullptr; --count) {
      Place* const place = std::exchange(chain, chain->next);
      Block& block = *block_of(place);
      place->next = std::exchange(block.free, place);
      ++block.free_count;
      if (!block.listed) list(block);
      if (!block.is_free()) continue;
      block.reset();
      if (++kept_ > most_kept) release(block);
    }
    return chain;
  }

  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  void add_block() {
    // Twice the size has an aligned block in it; the rest is returned.
    void* const raw = ::mmap(nullptr, 2 * block_size, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (raw == MAP_FAILED) throw std::bad_alloc();
    char* const begin = static_cast<char*>(raw);
    const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(raw);
    const std::size_t before = (block_size - address % block_size) % block_size;
    if (before > 0) ::munmap(begin, before);
    ::munmap(begin + before + block_size, block_size - before);
    // A program that needs but one shall not wait until 2 MiB are cleared.
    ::madvise(begin + before, block_size, count_++ > 0 ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    auto* const block = new (begin + before) Block;
    block->reset();
    ++kept_;
    list(*block);
  }

  void release(Block& block) {
    unlist(block);
    --kept_;
    ::munmap(&block, block_size);
  }

  void list(Block& block) {
    block.listed = true;
    block.previous = nullptr;
    block.next = available_;
    if (available_ != nullptr) available_->previous = &block;
    available_ = &block;
  }

  void unlist(Block& block) {
    block.listed = false;
    (block.previous != nullptr ? block.previous->next : available_) = block.next;
    if (block.next != nullptr) block.next->previous = block.previous;
  }

  std::mutex mutex_;
  Block* available_ = nullptr;
  std::size_t count_ = 0;  // ever made
  std::size_t kept_ = 0;   // free as a whole
};

Blocks& blocks() {
  // Never destroyed: futures may be used by static destructors. A forked child must find it whole.
  static Blocks* const all = [] {
    ::pthread_atfork([] { blocks().lock(); }, [] { blocks().unlock(); }, [] { blocks().unlock(); });
    return new Blocks;
  }();
  return *all;
}

/// What a thread keeps for itself. Has no destructor, so it works to the very end of the thread.
struct Kept {
  Place* first = nullptr;
  std::uint32_t count = 0;
  bool ending = false;  // give back at once from now on
};
// Without a call for each access. There is always room for so little, also in a library that is
// loaded later.
[[gnu::tls_model("initial-exec")]] constinit thread_local Kept kept;

struct GiveBackAtEnd {
  ~GiveBackAtEnd() {
    kept.ending = true;
    blocks().give_back(std::exchange(kept.first, nullptr), std::exchange(kept.count, 0));
  }
};

void watch_thread_end() {
  thread_local GiveBackAtEnd at_end;
  (void)at_end;
}

}  // namespace

void* take_state_place(std::size_t size) {
  if (size > state_place_size) throw std::bad_alloc();
  if (kept.first == nullptr) {
    if (!kept.ending) watch_thread_end();
    kept.first = blocks().take_batch(kept.count);
  }
  --kept.count;
  return std::exchange(kept.first, kept.first->next);
}

void free_state_place(void* freed) noexcept {
  auto* const place = static_cast<Place*>(freed);
  place->next = std::exchange(kept.first, place);
  if (++kept.count < 2 * batch && !kept.ending) return;
  const std::uint32_t surplus = kept.ending ? kept.count : batch;
  kept.first = blocks().give_back(kept.first, surplus);
  kept.count -= surplus;
}
#endif

}  // namespace procfarm::detail
