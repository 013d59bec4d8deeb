// SPDX-License-Identifier: MIT
// run_notes.hpp - what a run knows of its attempts and the database does not know yet, in files
// that outlive a killed process: which have begun, and how they have ended. RunStore::reopen()
// makes rows of it.
//
//   begun() ---------> ended() --> handed_over(sequence) --> committed(sequence)
//   in-flight          ends                                  neither
#pragma once

#include <cstdint>

#include "end_journal.hpp"
#include "in_flight_file.hpp"
#include "run_directory.hpp"
#include "run_record.hpp"

namespace procfarm::cli {

/// One thread at a time.
class RunNotes {
 public:
  /// Makes the files anew. Throws std::system_error.
  explicit RunNotes(const RunDirectory& directory);

  /// Said twice is said once.
  void begun(const AttemptStarted& attempt) { in_flight_.begun(attempt); }
  /// False if the end could not be noted: until it is committed the attempt counts as one that
  /// runs.
  bool ended(const AttemptFinished& end);
  /// The end that was told last is handed over to be recorded, with this sequence number.
  void handed_over(const AttemptKey& key, std::uint64_t sequence);
  /// Its begin was noted, and no record will speak of it.
  void never_began(const AttemptKey& key) { in_flight_.ended(key, 0); }
  /// Rows are to move, says the record with this sequence number.
  void rows_move(std::uint64_t sequence) { rows_moved_ = sequence; }
  /// All that was handed over up to here is in the database.
  void committed(std::uint64_t sequence);
  /// Nothing runs any more. Ends that are not committed then never will be: they stay noted.
  void finish();

 private:
  InFlightFile in_flight_;
  EndJournal ends_;
  bool noted_ = false;  // the end that was told last
  std::uint64_t rows_moved_ = 0;
  std::uint64_t committed_ = 0;
};

}  // namespace procfarm::cli
