// SPDX-License-Identifier: MIT
#include "run_notes.hpp"

namespace procfarm::cli {

RunNotes::RunNotes(const RunDirectory& directory)
    : in_flight_(directory.in_flight_file()), ends_(directory.end_journal()) {}

/// When the run is resumed, a noted end is written over whatever its instance has. That would be
/// wrong while those rows may still have to move.
bool RunNotes::ended(const AttemptFinished& end) {
  noted_ = rows_moved_ <= committed_ && ends_.add(end);
  if (!noted_ && end.worker_pid != 0) {
    in_flight_.begun(
        {.key = end.key, .worker_pid = end.worker_pid, .started = end.started, .hash = end.hash});
  }
  return noted_;
}

void RunNotes::handed_over(const AttemptKey& key, std::uint64_t sequence) {
  if (noted_) ends_.handed_over(sequence);
  in_flight_.ended(key, sequence);
}

void RunNotes::committed(std::uint64_t sequence) {
  committed_ = sequence;
  in_flight_.committed(sequence);
  ends_.committed(sequence);
}

void RunNotes::finish() {
  in_flight_.remove();
  if (ends_.empty()) ends_.remove();
}

}  // namespace procfarm::cli
