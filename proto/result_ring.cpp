// SPDX-License-Identifier: MIT
// result_ring.cpp - both sides of the ring of results and of the arena beside it (wire/seat.hpp).
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <procfarm/wire/seat.hpp>

namespace procfarm::wire {
namespace {

constexpr std::uint64_t pad8(std::uint64_t size) { return (size + 7) & ~std::uint64_t{7}; }

[[noreturn]] void fail(const char* call) {
  throw std::system_error(errno, std::generic_category(), call);
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
  seat_.page().ring_written.store(written_, std::memory_order_seq_cst);  // doorbell.hpp
}

ResultReader::ResultReader(Seat& seat) : seat_(seat) {}

const ResultRecord* ResultReader::next() {
  if (read_ == limit_) limit_ = seat_.page().ring_written.load(std::memory_order_acquire);
  if (read_ == limit_ || given_up_) return nullptr;
  const std::uint64_t available = limit_ - read_;
  // What has not been given back may not be written over: else a worker could keep us reading.
  const bool possible = available <= ring_size && limit_ - released_ <= ring_size;
  if (!possible || available < sizeof(ResultRecord)) {
    throw std::runtime_error("a worker's ring of results has an impossible fill");
  }
  const std::size_t begin = read_ % ring_size;
  if (begin + sizeof head_ <= ring_size) {  // mostly; a copy of known size needs no call
    std::memcpy(&head_, seat_.page().ring + begin, sizeof head_);
  } else {
    ring_get(seat_.page(), read_, reinterpret_cast<char*>(&head_), sizeof head_);
  }
  const bool in_ring = head_.arena_offset < 0;
  const std::uint64_t body = in_ring ? pad8(head_.size) : 0;
  if (head_.size > max_payload || body > available - sizeof head_ ||
      head_.kind > ResultKind::values) {
    throw std::runtime_error("a worker's ring of results holds a malformed record");
  }
  body_ = read_ + sizeof head_;
  read_ = body_ + body;
  return &head_;
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
  if (given_up_ || page.open_at.load(std::memory_order_acquire) != read_) return std::nullopt;
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

bool ResultReader::waiting() const {
  return !given_up_ && seat_.page().ring_written.load(std::memory_order_seq_cst) != read_;
}

bool ResultReader::urgent() const {
  return waiting() && seat_.page().urgent.load(std::memory_order_seq_cst) > read_;
}

}  // namespace procfarm::wire
