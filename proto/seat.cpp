// SPDX-License-Identifier: MIT
// seat.cpp - the shared page: its making, the slots' compare-and-swap, the note of progress.
#include <procfarm/wire/seat.hpp>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>

namespace procfarm::wire {
namespace {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::atomic<double>::is_always_lock_free);

[[noreturn]] void fail(const char* call) {
  throw std::system_error(errno, std::generic_category(), call);
}

UniqueFd memory_file(const char* name) {
  UniqueFd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) fail("memfd_create for a worker's seat");
  return fd;
}

// Never smaller again: the coordinator may read what it has seen without fear of SIGBUS. And the
// worker, which holds these files too, can add no seal of its own.
void seal(int fd, int seals) {
  if (::fcntl(fd, F_ADD_SEALS, seals | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) fail("fcntl F_ADD_SEALS");
}

SeatPage* map_page(int fd) {
  void* at = ::mmap(nullptr, sizeof(SeatPage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) fail("mmap of a worker's seat");
  return static_cast<SeatPage*>(at);
}

}  // namespace

Seat Seat::create() {
  Seat seat;
  seat.page_fd_ = memory_file("procfarm-page");
  seat.arena_fd_ = memory_file("procfarm-arena");
  seat.stop_fd_ = UniqueFd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!seat.stop_fd_) fail("eventfd of a worker's seat");
  if (::ftruncate(seat.page_fd_.get(), sizeof(SeatPage)) != 0) fail("ftruncate of a worker's seat");
  seal(seat.page_fd_.get(), F_SEAL_GROW);
  seal(seat.arena_fd_.get(), 0);
  // A fresh file reads as zeros, which is what a new SeatPage holds: nothing needs to be written.
  seat.page_ = map_page(seat.page_fd_.get());
  return seat;
}

Seat Seat::adopt(UniqueFd page, UniqueFd arena, UniqueFd stop) {
  Seat seat;
  seat.page_fd_ = std::move(page);
  seat.arena_fd_ = std::move(arena);
  seat.stop_fd_ = std::move(stop);
  seat.page_ = map_page(seat.page_fd_.get());
  return seat;
}

Seat::Seat(Seat&& other) noexcept
    : page_(std::exchange(other.page_, nullptr)),
      page_fd_(std::move(other.page_fd_)),
      arena_fd_(std::move(other.arena_fd_)),
      stop_fd_(std::move(other.stop_fd_)) {}

Seat& Seat::operator=(Seat&& other) noexcept {
  std::swap(page_, other.page_);
  std::swap(page_fd_, other.page_fd_);
  std::swap(arena_fd_, other.arena_fd_);
  std::swap(stop_fd_, other.stop_fd_);
  return *this;
}

Seat::~Seat() {
  if (page_ != nullptr) ::munmap(page_, sizeof(SeatPage));
}

void Seat::ask_to_stop(Sequence sequence) const {
  page_->stop.store(sequence + 1, std::memory_order_release);
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = ::write(stop_fd_.get(), &one, sizeof one);
}

bool Seat::hear_stop() const {
  std::uint64_t count = 0;
  return ::read(stop_fd_.get(), &count, sizeof count) == sizeof count;
}

void queue_slot(SeatPage& page, Sequence sequence) {
  page.slots[sequence % slot_count].store(slot_word(sequence, SlotState::queued),
                                          std::memory_order_release);
}

bool take_slot(SeatPage& page, Sequence sequence) {
  std::uint64_t queued = slot_word(sequence, SlotState::queued);
  return page.slots[sequence % slot_count].compare_exchange_strong(
      queued, slot_word(sequence, SlotState::taken), std::memory_order_acq_rel);
}

bool begin_slot(SeatPage& page, Sequence sequence, std::int64_t now) {
  page.begun_at.store(now, std::memory_order_relaxed);
  std::uint64_t queued = slot_word(sequence, SlotState::queued);
  return page.slots[sequence % slot_count].compare_exchange_strong(
      queued, slot_word(sequence, SlotState::begun), std::memory_order_acq_rel);
}

bool has_begun(const SeatPage& page, Sequence sequence) {
  return page.slots[sequence % slot_count].load(std::memory_order_acquire) ==
         slot_word(sequence, SlotState::begun);
}

// Sequence (31 bits will do: the page holds the last few only), whether it is cut, items begun.
namespace {
constexpr std::uint64_t items_cut = std::uint64_t{1} << 32;
constexpr std::uint64_t items_word(Sequence sequence) { return sequence << 33; }
constexpr std::uint64_t items_chunk = ~std::uint64_t{0} << 33;
}  // namespace

void begin_items(SeatPage& page, Sequence sequence) {
  page.items.store(items_word(sequence), std::memory_order_release);
}

bool begin_item(SeatPage& page, Sequence sequence, std::uint32_t item) {
  std::uint64_t before = items_word(sequence) | item;
  return page.items.compare_exchange_strong(before, before + 1, std::memory_order_acq_rel);
}

std::optional<std::uint32_t> cut_items(SeatPage& page, Sequence sequence) {
  std::uint64_t word = page.items.load(std::memory_order_acquire);
  do {
    if ((word & items_chunk) != items_word(sequence)) return std::nullopt;
  } while (!page.items.compare_exchange_weak(word, word | items_cut, std::memory_order_acq_rel));
  return static_cast<std::uint32_t>(word);
}

std::uint32_t items_begun(const SeatPage& page, Sequence sequence) {
  const std::uint64_t word = page.items.load(std::memory_order_acquire);
  return (word & items_chunk) == items_word(sequence) ? static_cast<std::uint32_t>(word) : 0;
}

// A sequence lock without fences: each store releases the version stored before it, each load
// acquires it, so a reader that saw any byte of a newer note sees a newer version.
void write_progress(SeatPage& page, Sequence sequence, double fraction, std::string_view message) {
  ProgressNote& note = page.progress;
  const std::uint32_t version = note.version.load(std::memory_order_relaxed);
  note.version.store(version + 1, std::memory_order_relaxed);
  note.sequence.store(sequence, std::memory_order_release);
  note.fraction.store(fraction, std::memory_order_release);
  const std::size_t size = std::min(message.size(), std::size(note.message) - 1);
  for (std::size_t i = 0; i < size; ++i)
    note.message[i].store(message[i], std::memory_order_release);
  note.message[size].store('\0', std::memory_order_release);
  note.version.store(version + 2, std::memory_order_release);
}

std::optional<Progress> read_progress(const SeatPage& page, Sequence sequence) {
  const ProgressNote& note = page.progress;
  for (int tries = 0; tries < 8; ++tries) {
    const std::uint32_t before = note.version.load(std::memory_order_acquire);
    if (before == 0) return std::nullopt;
    if (before % 2 != 0) continue;
    Progress progress{note.fraction.load(std::memory_order_acquire), {}};
    const std::uint64_t whose = note.sequence.load(std::memory_order_acquire);
    for (const auto& c : note.message) {
      const char byte = c.load(std::memory_order_acquire);
      if (byte == '\0') break;
      progress.message.push_back(byte);
    }
    if (note.version.load(std::memory_order_relaxed) != before) continue;
    if (whose != sequence) return std::nullopt;
    return progress;
  }
  return std::nullopt;
}

}  // namespace procfarm::wire
