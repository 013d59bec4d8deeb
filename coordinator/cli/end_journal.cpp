// SPDX-License-Identifier: MIT
// end_journal.cpp - a checksum tells an entry that is whole; so nothing depends on the order in
// which its bytes are stored, nor on what a power cut leaves of them.
#include "end_journal.hpp"

#include <xxhash.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <optional>
#include <procfarm/codec.hpp>
#include <procfarm/errors.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace procfarm::cli {
namespace {

struct Head {
  static constexpr std::uint64_t ours = 0x3130'5344'4e45'4650;  // "PFENDS01"
  std::uint64_t mark;
  std::uint64_t first;
};

struct EntryHead {
  std::uint64_t place;
  std::uint64_t checksum;
  std::uint64_t size;
};

std::uint64_t checksum_of(std::uint64_t place, std::string_view record) {
  return ::XXH3_64bits_withSeed(record.data(), record.size(), place);
}

/// So that every entry begins at a multiple of eight.
std::uint64_t room_of(std::uint64_t record_size) {
  return sizeof(EntryHead) + (record_size + 7U) / 8U * 8U;
}

/// All that an entry holds, in its order.
template <class End, class Visit>
void visit_fields(End& end, Visit visit) {
  visit(end.key.instance.task);
  visit(end.key.instance.index);
  visit(end.key.attempt);
  visit(end.outcome);
  visit(end.settled);
  visit(end.cause);
  visit(end.worker_pid);
  visit(end.started);
  visit(end.finished);
  visit(end.exit_code);
  visit(end.signal);
  visit(end.cpu_time);
  visit(end.peak_memory);
  visit(end.error_type);
  visit(end.error_message);
  visit(end.label);
  visit(end.hash);
  visit(end.instances);
  visit(end.result);
  visit(end.stdout_bytes);
  visit(end.stderr_bytes);
}

/// Nothing if the bytes are no record, whatever their checksum says.
std::optional<AttemptFinished> decoded(std::string_view record) {
  AttemptFinished end;
  Reader reader(record);
  try {
    visit_fields(end, [&reader](auto& field) {
      field = codec<std::remove_cvref_t<decltype(field)>>::decode(reader);
    });
    reader.finish();
  } catch (const CodecError&) {
    return std::nullopt;
  }
  if (end.outcome > AttemptOutcome::cancelled) return std::nullopt;
  return end;
}

}  // namespace

EndJournal::EndJournal(std::filesystem::path file)
    : file_(std::move(file), sizeof(Head) + capacity) {
  const Head head{.mark = Head::ours, .first = 0};
  std::memcpy(file_.data(), &head, sizeof head);
}

bool EndJournal::add(const AttemptFinished& end) {
  const std::uint64_t free = capacity - (end_ - first_);
  if (end.stdout_bytes.size() + end.stderr_bytes.size() > free) return false;
  if (end.result && end.result->size() > free) return false;
  record_.clear();
  visit_fields(end, [this](const auto& field) {
    codec<std::remove_cvref_t<decltype(field)>>::encode(record_, field);
  });
  const std::uint64_t room = room_of(record_.size());
  if (room > free) return false;
  const EntryHead head{
      .place = end_, .checksum = checksum_of(end_, record_.bytes()), .size = record_.size()};
  put(end_ + sizeof head, record_.data(), record_.size());
  put(end_, &head, sizeof head);
  end_ += room;
  entries_.push_back({.end = end_});
  return true;
}

void EndJournal::put(std::uint64_t place, const void* bytes, std::size_t size) {
  std::byte* const ring = file_.data() + sizeof(Head);
  const std::size_t offset = place % capacity;
  const std::size_t here = std::min(size, capacity - offset);
  std::memcpy(ring + offset, bytes, here);
  std::memcpy(ring, static_cast<const std::byte*>(bytes) + here, size - here);
}

void EndJournal::handed_over(std::uint64_t sequence) { entries_.back().sequence = sequence; }

void EndJournal::committed(std::uint64_t sequence) {
  const std::uint64_t before = first_;
  while (!entries_.empty() && entries_.front().sequence != 0 &&
         entries_.front().sequence <= sequence) {
    first_ = entries_.front().end;
    entries_.pop_front();
  }
  if (first_ == before) return;
  auto& first = reinterpret_cast<Head*>(file_.data())->first;
  std::atomic_ref(first).store(first_, std::memory_order_release);
}

std::vector<AttemptFinished> EndJournal::read(const std::filesystem::path& file) {
  std::vector<AttemptFinished> found;
  std::ifstream stream(file, std::ios::binary);
  Head head{};
  std::string ring(capacity, '\0');
  stream.read(reinterpret_cast<char*>(&head), sizeof head);
  stream.read(ring.data(), static_cast<std::streamsize>(ring.size()));
  if (!stream || head.mark != Head::ours) return found;
  std::rotate(ring.begin(), ring.begin() + static_cast<std::ptrdiff_t>(head.first % capacity),
              ring.end());
  std::string_view rest = ring;
  std::uint64_t place = head.first;
  for (EntryHead entry{}; rest.size() >= sizeof entry;) {
    std::memcpy(&entry, rest.data(), sizeof entry);
    if (entry.place != place || entry.size > rest.size() - sizeof entry) break;
    const std::string_view record = rest.substr(sizeof entry, entry.size);
    if (entry.checksum != checksum_of(place, record)) break;
    auto end = decoded(record);
    if (!end) break;
    found.push_back(std::move(*end));
    const std::uint64_t room = room_of(entry.size);
    place += room;
    rest.remove_prefix(std::min<std::uint64_t>(room, rest.size()));
  }
  return found;
}

}  // namespace procfarm::cli
