// SPDX-License-Identifier: MIT
// seat.cpp - the shared page, the slots' compare-and-swap and both sides of the ring of results.
#include <procfarm/wire/seat.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <stdexcept>
#include <system_error>

namespace procfarm::wire {
namespace {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::atomic<double>::is_always_lock_free);

constexpr std::uint64_t pad8(std::uint64_t size) { return (size + 7) & ~std::uint64_t{7}; }

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

void write_all(int fd, const char* data, std::size_t size, std::int64_t offset) {
  while (size > 0) {
    const ssize_t n = ::pwrite(fd, data, size, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("pwrite of a large result");
    data += n;
    size -= static_cast<std::size_t>(n);
    offset += n;
  }
}

void read_all(int fd, char* to, std::size_t size, std::int64_t offset) {
  while (size > 0) {
    const ssize_t n = ::pread(fd, to, size, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("pread of a large result");
    if (n == 0) throw std::runtime_error("a worker's large result is shorter than announced");
    to += n;
    size -= static_cast<std::size_t>(n);
    offset += n;
  }
}

// The ring is a plain array; a copy that passes its end goes on at its start.
void ring_put(SeatPage& page, std::uint64_t at, const char* data, std::size_t size) {
  if (size == 0) return;
  const std::size_t begin = at % ring_size;
  const std::size_t first = std::min(size, ring_size - begin);
  std::memcpy(page.ring + begin, data, first);
  if (first < size) std::memcpy(page.ring, data + first, size - first);
}

void ring_get(const SeatPage& page, std::uint64_t at, char* to, std::size_t size) {
  if (size == 0) return;
  const std::size_t begin = at % ring_size;
  const std::size_t first = std::min(size, ring_size - begin);
  std::memcpy(to, page.ring + begin, first);
  if (first < size) std::memcpy(to + first, page.ring, size - first);
}

}  // namespace

Seat Seat::create() {
  Seat seat;
  seat.page_fd_ = memory_file("procfarm-page");
  seat.arena_fd_ = memory_file("procfarm-arena");
  if (::ftruncate(seat.page_fd_.get(), sizeof(SeatPage)) != 0) fail("ftruncate of a worker's seat");
  seal(seat.page_fd_.get(), F_SEAL_GROW);
  seal(seat.arena_fd_.get(), 0);
  // A fresh file reads as zeros, which is what a new SeatPage holds: nothing needs to be written.
  seat.page_ = map_page(seat.page_fd_.get());
  return seat;
}

Seat Seat::adopt(UniqueFd page, UniqueFd arena) {
  Seat seat;
  seat.page_fd_ = std::move(page);
  seat.arena_fd_ = std::move(arena);
  seat.page_ = map_page(seat.page_fd_.get());
  return seat;
}

Seat::Seat(Seat&& other) noexcept
    : page_(std::exchange(other.page_, nullptr)),
      page_fd_(std::move(other.page_fd_)),
      arena_fd_(std::move(other.arena_fd_)) {}

Seat& Seat::operator=(Seat&& other) noexcept {
  std::swap(page_, other.page_);
  std::swap(page_fd_, other.page_fd_);
  std::swap(arena_fd_, other.arena_fd_);
  return *this;
}

Seat::~Seat() {
  if (page_ != nullptr) ::munmap(page_, sizeof(SeatPage));
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

ResultWriter::ResultWriter(Seat& seat) : seat_(seat) {}

bool ResultWriter::has_room(std::uint64_t bytes) const {
  const std::uint64_t read = seat_.page().ring_read.load(std::memory_order_acquire);
  return written_ + sizeof(ResultRecord) + pad8(bytes) - read <= ring_size;
}

bool ResultWriter::write(ResultRecord record, std::string_view bytes) {
  record.size = bytes.size();
  record.arena_offset = -1;
  const bool large = bytes.size() > inline_result_limit;
  if (!has_room(large ? 0 : bytes.size())) return false;
  if (large && !write_arena(record, bytes)) return false;
  if (!large) ring_put(seat_.page(), written_ + sizeof record, bytes.data(), bytes.size());
  publish_head(record);
  if (large) arena_last_ = written_;
  return true;
}

bool ResultWriter::append(std::string_view value) {
  const std::uint64_t bytes = open_bytes_ + value.size();
  if (bytes > inline_result_limit || !has_room(bytes)) return false;
  SeatPage& page = seat_.page();
  if (open_items_ == 0) {
    page.open.store(0, std::memory_order_relaxed);  // of an earlier record
    page.open_at.store(written_, std::memory_order_release);
  }
  ring_put(page, written_ + sizeof(ResultRecord) + open_bytes_, value.data(), value.size());
  open_bytes_ = static_cast<std::uint32_t>(bytes);
  ++open_items_;
  page.open.store(std::uint64_t{open_items_} << 32 | open_bytes_, std::memory_order_release);
  return true;
}

bool ResultWriter::close(ResultRecord record) {
  if (!has_room(open_bytes_)) return false;
  record.arena_offset = -1;
  record.items = std::exchange(open_items_, 0);
  record.size = std::exchange(open_bytes_, 0);
  publish_head(record);
  return true;
}

bool ResultWriter::write_arena(ResultRecord& record, std::string_view bytes) {
  constexpr std::int64_t arena_soft_limit = 256 << 20;
  if (seat_.page().ring_read.load(std::memory_order_acquire) >= arena_last_) arena_used_ = 0;
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (arena_used_ > 0 && arena_used_ + size > arena_soft_limit) return false;
  write_all(seat_.arena_fd(), bytes.data(), bytes.size(), arena_used_);
  record.arena_offset = arena_used_;
  arena_used_ += size;
  return true;
}

// The bytes lie behind the head already, or elsewhere.
void ResultWriter::publish_head(const ResultRecord& record) {
  char head[sizeof(ResultRecord)];
  std::memcpy(head, &record, sizeof head);
  ring_put(seat_.page(), written_, head, sizeof head);
  written_ += sizeof head + (record.arena_offset < 0 ? pad8(record.size) : 0);
  seat_.page().ring_written.store(written_, std::memory_order_release);
}

ResultReader::ResultReader(Seat& seat) : seat_(seat) {}

std::optional<ResultRecord> ResultReader::next() {
  if (read_ == limit_) limit_ = seat_.page().ring_written.load(std::memory_order_acquire);
  if (read_ == limit_) return std::nullopt;
  const std::uint64_t available = limit_ - read_;
  // What has not been given back may not be written over: else a worker could keep us reading.
  const bool possible = available <= ring_size && limit_ - released_ <= ring_size;
  if (!possible || available < sizeof(ResultRecord)) {
    throw std::runtime_error("a worker's ring of results has an impossible fill");
  }
  ResultRecord record;
  char head[sizeof record];
  ring_get(seat_.page(), read_, head, sizeof head);
  std::memcpy(&record, head, sizeof record);
  const bool in_ring = record.arena_offset < 0;
  const std::uint64_t body = in_ring ? pad8(record.size) : 0;
  if (record.size > max_payload || body > available - sizeof record ||
      record.kind > ResultKind::values) {
    throw std::runtime_error("a worker's ring of results holds a malformed record");
  }
  body_ = read_ + sizeof record;
  read_ = body_ + body;
  return record;
}

void ResultReader::read(const ResultRecord& record, char* to) {
  if (record.arena_offset >= 0) {
    read_all(seat_.arena_fd(), to, record.size, record.arena_offset);
  } else {
    ring_get(seat_.page(), body_, to, record.size);
  }
}

std::optional<ResultRecord> ResultReader::open_record() {
  const SeatPage& page = seat_.page();
  if (page.open_at.load(std::memory_order_acquire) != read_) return std::nullopt;
  const std::uint64_t open = page.open.load(std::memory_order_acquire);
  ResultRecord record;
  record.items = open >> 32;
  record.size = open & 0xffffffff;
  record.kind = ResultKind::values;
  if (record.items == 0 || record.size > inline_result_limit) return std::nullopt;
  body_ = read_ + sizeof record;
  return record;
}

void ResultReader::release() {
  released_ = read_;
  seat_.page().ring_read.store(read_, std::memory_order_release);
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
