// SPDX-License-Identifier: MIT
// in_flight_file.hpp - which attempts have begun and are not yet recorded as ended, in a file that
// is mapped into memory: a note costs no system call, and it outlives a killed process. So whoever
// resumes the run knows what ran when it died, also if its row was not written yet. What has begun
// since results came in last, a few milliseconds ago at most while short tasks run, is not noted
// yet: it runs again uncounted. A clean end removes the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mapped_file.hpp"
#include "run_record.hpp"

namespace procfarm::cli {

/// One thread at a time.
class InFlightFile {
 public:
  /// Makes the file anew. Throws std::system_error.
  explicit InFlightFile(std::filesystem::path file);

  /// The attempt has begun. Noted already: nothing. Beyond some thousand at a time none is noted.
  void begun(const AttemptStarted& attempt);
  /// Its end has been handed over to be recorded, with this sequence number.
  void ended(const AttemptKey& key, std::uint64_t sequence);
  /// What was handed over up to here is in the database, so it need not be noted any more.
  void committed(std::uint64_t sequence);
  /// Nothing is in flight any more.
  void remove() { file_.remove(); }

  /// What was noted in a file that another process has left; nothing if there is none.
  static std::vector<AttemptStarted> read(const std::filesystem::path& file);

 private:
  struct Slot;
  static constexpr std::size_t capacity = 4096;

  MappedFile file_;
  Slot* slots_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<AttemptKey, std::uint32_t, AttemptKeyHash> used_;
  std::deque<std::pair<std::uint64_t, AttemptKey>> ended_;  // in the order of the sequence numbers
};

}  // namespace procfarm::cli
