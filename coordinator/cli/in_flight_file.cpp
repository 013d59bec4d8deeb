// SPDX-License-Identifier: MIT
// in_flight_file.cpp - slots of a fixed size. A slot counts when its mark is set, which is the last
// thing that is written of it. Only one process reads it, after the death of the one that wrote.
#include "in_flight_file.hpp"

#include <array>
#include <atomic>
#include <cstring>
#include <fstream>
#include <utility>

#include "run_schema.hpp"

namespace procfarm::cli {

struct InFlightFile::Slot {
  static constexpr std::uint32_t set = 0x50465246;

  std::uint32_t mark = 0;
  std::uint32_t task = 0;
  std::uint64_t index = 0;
  std::int64_t started_us = 0;
  std::int32_t attempt = 0;
  std::int32_t worker_pid = 0;
  std::uint32_t hash_size = 0;
  std::array<char, 20> hash{};

  void put(std::uint32_t value) { std::atomic_ref(mark).store(value, std::memory_order_release); }
};

InFlightFile::InFlightFile(std::filesystem::path file)
    : file_(std::move(file), capacity * sizeof(Slot)),
      slots_(reinterpret_cast<Slot*>(file_.data())) {
  free_.reserve(capacity);
  for (std::uint32_t slot = capacity; slot > 0; --slot) free_.push_back(slot - 1);
}

void InFlightFile::begun(const AttemptStarted& attempt) {
  if (free_.empty() || attempt.hash.size() > Slot().hash.size()) return;
  if (!used_.emplace(attempt.key, free_.back()).second) return;
  Slot& slot = slots_[free_.back()];
  free_.pop_back();
  slot.task = attempt.key.instance.task;
  slot.index = attempt.key.instance.index;
  slot.attempt = attempt.key.attempt;
  slot.worker_pid = attempt.worker_pid;
  slot.started_us = to_microseconds(attempt.started);
  slot.hash_size = static_cast<std::uint32_t>(attempt.hash.size());
  std::memcpy(slot.hash.data(), attempt.hash.data(), attempt.hash.size());
  slot.put(Slot::set);
}

void InFlightFile::ended(const AttemptKey& key, std::uint64_t sequence) {
  if (used_.count(key) != 0) ended_.emplace_back(sequence, key);
}

void InFlightFile::committed(std::uint64_t sequence) {
  while (!ended_.empty() && ended_.front().first <= sequence) {
    const auto used = used_.find(ended_.front().second);
    ended_.pop_front();
    if (used == used_.end()) continue;
    slots_[used->second].put(0);
    free_.push_back(used->second);
    used_.erase(used);
  }
}

std::vector<AttemptStarted> InFlightFile::read(const std::filesystem::path& file) {
  std::vector<AttemptStarted> found;
  std::ifstream stream(file, std::ios::binary);
  Slot slot;
  while (stream.read(reinterpret_cast<char*>(&slot), sizeof slot)) {
    if (slot.mark != Slot::set || slot.attempt < 1 || slot.hash_size > slot.hash.size()) continue;
    found.push_back({.key = {.instance = {slot.task, slot.index}, .attempt = slot.attempt},
                     .worker_pid = slot.worker_pid,
                     .started = from_microseconds(slot.started_us),
                     .hash = std::string(slot.hash.data(), slot.hash_size)});
  }
  return found;
}

}  // namespace procfarm::cli
