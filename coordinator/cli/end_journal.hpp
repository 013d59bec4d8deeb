// SPDX-License-Identifier: MIT
// end_journal.hpp - how attempts have ended that are not in the run database yet. A commit costs,
// so commits follow some milliseconds behind; what ended in between would be lost with a killed
// tool, and run again. Here it is noted at once, in a file that is mapped into memory, for whoever
// resumes the run. A clean end removes the file.
//
//   ring: ....[place | checksum | size | record (msgpack)][place | ...][place | ...]........
//             `-- first, in the file's head: leaves when its commit is known         `-- end_
//
// Places count on from round to round, so an entry that tells another place than where it is looked
// for is one of an earlier round, and the end of what is noted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <vector>

#include <procfarm/codec/writer.hpp>

#include "mapped_file.hpp"
#include "run_record.hpp"

namespace procfarm::cli {

/// One thread at a time.
class EndJournal {
 public:
  static constexpr std::size_t capacity = std::size_t{1} << 18U;  // bytes of all entries

  /// Makes the file anew. Throws std::system_error.
  explicit EndJournal(std::filesystem::path file);

  /// Notes an end; false if there is no room for it now.
  bool add(const AttemptFinished& end);
  /// The end that was noted last was handed over to be recorded, with this sequence number.
  void handed_over(std::uint64_t sequence);
  /// What was handed over up to here is in the database and need not be noted any more.
  void committed(std::uint64_t sequence);
  bool empty() const { return entries_.empty(); }
  void remove() { file_.remove(); }

  /// What a process that was killed has left, in the order in which it was noted; nothing if there
  /// is no such file, or it is none of ours.
  static std::vector<AttemptFinished> read(const std::filesystem::path& file);

 private:
  struct Entry {
    std::uint64_t sequence = 0;  // 0: not handed over yet
    std::uint64_t end = 0;       // the place behind it
  };

  void put(std::uint64_t place, const void* bytes, std::size_t size);

  MappedFile file_;
  Writer record_;              // of the entry that is made
  std::deque<Entry> entries_;  // those that are noted
  std::uint64_t first_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace procfarm::cli
