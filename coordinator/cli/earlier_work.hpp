// SPDX-License-Identifier: MIT
// earlier_work.hpp - what a run had done when it is resumed, and which of it an instance of the job
// as it is now may take for its own. Pure: knows rows, no file. A run goes on in its own database,
// under its own id, so attempts, losses, results and output are where they were; this decides
// which of them count.
//
//   recall(place, hash): the rows at this place, if they did the same work
//                        else any other rows that did the same work and nobody has taken
//                        else none: it is new, or what it does has changed
//
// Rows that stand where other work is to go are not lost: they are put on a shelf, a second pair
// of tables, from where a later place, or a later resume, may take them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "run_record.hpp"

namespace procfarm::cli {

/// An instance of which there are rows. The view is valid while it is looked at.
struct EarlierInstance {
  InstanceKey key{};
  std::uint32_t shelf = 0;  // 0: in its place
  AttemptOutcome outcome = AttemptOutcome::passed;
  bool settled = true;
  bool interrupted = false;  // it ran when the tool died
  int attempts = 0;          // the number of the last
  int losses = 0;            // attempts under which a worker or the tool died
  std::string_view hash{};   // empty: its data was bad
};

/// Why an instance runs, or need not.
enum class Recollection { unknown, changed, done, failed, interrupted, cancelled };

/// A change of rows, to be recorded before anything else of the instance.
using RowMove = std::variant<ShelvedRows, RestoredRows>;

struct Recalled {
  Recollection kind = Recollection::unknown;
  int attempts = 0;
  int losses = 0;
  bool settled = false;  // its rows tell an end that does not hold any more
  std::vector<RowMove> moves{};
};

/// One thread at a time.
class EarlierWork {
 public:
  /// To be called for those in their places in the order of task and index, then for the others.
  void add(const EarlierInstance& instance);
  /// No more are added.
  void complete();

  /// What there is for the instance of this place that does this work; each is taken once. An
  /// empty hash stands for work that could not be told: only the place itself counts then.
  Recalled recall(InstanceKey place, std::string_view hash);

  /// No instance of the job will recall these places any more: their rows, if there are some.
  std::optional<RowMove> retire(std::uint32_t task, std::uint64_t first, std::uint64_t last);

  /// The highest number of a task that has rows in their places, plus one.
  std::uint32_t tasks() const { return tasks_; }
  std::uint64_t passed() const { return passed_; }

 private:
  struct Entry {
    InstanceKey key{};
    std::uint32_t shelf = 0;
    std::int32_t attempts = 0;
    std::int32_t losses = 0;
    std::array<char, 16> hash{};
    AttemptOutcome outcome = AttemptOutcome::passed;
    bool has_hash = false;
    bool settled = false;
    bool interrupted = false;
    bool taken = false;

    std::string_view work() const { return {hash.data(), has_hash ? hash.size() : 0}; }
    bool done() const { return outcome == AttemptOutcome::passed; }
  };

  Entry* in_place(InstanceKey place);
  Entry* untaken(std::string_view hash);
  RowMove shelve(Entry& entry);
  static Recalled take(Entry& entry);

  std::vector<Entry> entries_;          // those in their places first, in order
  std::size_t placed_ = 0;              // how many those are
  std::vector<std::uint32_t> by_hash_;  // what is done comes last among the same work
  std::vector<std::uint32_t> ends_;     // of the range that begins here: what may be untaken
  std::uint32_t shelf_ = 1;             // the one of this resume
  std::uint32_t tasks_ = 0;
  std::uint64_t passed_ = 0;
};

}  // namespace procfarm::cli
