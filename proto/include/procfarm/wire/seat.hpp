// SPDX-License-Identifier: MIT
// seat.hpp - the memory that one worker shares with the coordinator, and nobody else: the status
// page and the ring of results. Made anew for each life of a worker, so nothing of an earlier life
// can be taken for a later one's.
//
// The page is how the coordinator knows the truth without messages, and it is two-way. Tasks of one
// worker carry sequence numbers 0, 1, 2, ... in the order of their assignment; number n lives in
// slot n % slot_count. The coordinator stores "queued n" before it sends the task. The worker
// begins n by a compare-and-swap "queued n" -> "begun n" (before the arguments are decoded), the
// coordinator takes n back by "queued n" -> "taken n". Who loses obeys. A slot is used again only
// when its number is settled at the coordinator, so a number never meets its successor.
//
// Results go to the ring, in order, each a ResultRecord and its bytes (bytes of large ones go to
// the arena, a file of memory beside the ring); storing `ring_written` publishes them. Only then
// does the worker begin the next task. So after a death at any moment: what is in the ring is
// finished, a begun task that is not in the ring was running, what is still queued was never
// touched. The coordinator hears of results by doorbell.hpp.
//
// The items of a chunk (chunk.hpp) share records: each value is appended to the open record, which
// lies in the ring behind the last published one; storing `open` makes one more value safe. The
// record is published when it is full, or when the chunk ends.
//
// What the worker writes is not trusted: ResultReader copies first, then checks.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <procfarm/wire/unique_fd.hpp>

namespace procfarm::wire {

using Sequence = std::uint64_t;  // of a task within one life of one worker

inline constexpr std::uint32_t slot_count = 4096;
inline constexpr std::size_t ring_size = 512 * 1024;
inline constexpr std::size_t inline_result_limit = 32 * 1024;  // larger ones go to the arena
inline constexpr std::uint32_t max_payload =
    2'000'000'000;  // bytes of one task's arguments or result

enum class SlotState : std::uint8_t { queued = 1, begun = 2, taken = 3 };

constexpr std::uint64_t slot_word(Sequence sequence, SlotState state) {
  return sequence << 2 | static_cast<std::uint64_t>(state);
}

/// What a task says of its own progress; a sequence lock, `version` is odd while it is written.
struct ProgressNote {
  std::atomic<std::uint32_t> version{0};
  std::atomic<std::uint64_t> sequence{0};
  std::atomic<double> fraction{0};
  std::atomic<char> message[120]{};
};

/// The shared memory itself. Only lock-free atomics, so no lock can be held by the dead.
struct SeatPage {
  alignas(64) std::atomic<std::uint64_t> ring_written{0};  // worker: bytes published, ever
  std::atomic<std::int64_t> begun_at{0};  // worker: steady clock ns, last begun task
  std::atomic<std::uint64_t> open{0};     // worker: values in the open record << 32 | their bytes
  std::atomic<std::uint64_t> open_at{0};  // worker: where that lies; valid if equal to ring_written
  std::atomic<std::uint64_t> items{0};    // both sides: of the chunk that runs, see begin_items()
  std::atomic<std::uint64_t> urgent{0};   // worker: what is published up to here shall not wait
  alignas(64) std::atomic<std::uint64_t> ring_read{0};  // coordinator: bytes consumed, ever
  std::atomic<std::uint64_t> stop{0};  // coordinator: sequence + 1 of the task to stop
  std::atomic<std::uint64_t> rest{0};  // coordinator: how deeply it sleeps, see doorbell.hpp
  std::atomic<std::int64_t> suspended_for{
      0};  // coordinator: ns in which limits stood still, so far
  alignas(64) ProgressNote progress;
  alignas(64) std::atomic<std::uint64_t> slots[slot_count]{};
  alignas(64) unsigned char ring[ring_size];
};

/// `values`: some of a chunk's, more records follow. In a chunk, `value` ends it (with values, or
/// none), and so do the failures, which are of the item behind the last value.
enum class ResultKind : std::uint32_t { value = 0, threw = 1, unserializable = 2, values = 3 };

/// Head of one result in the ring; `size` bytes follow it, padded to 8, unless `arena_offset` >= 0.
struct ResultRecord {
  Sequence sequence = 0;
  std::uint64_t task = 0;
  std::uint32_t attempt = 0;
  ResultKind kind = ResultKind::value;
  std::uint64_t size = 0;
  std::uint64_t items = 0;  // of a chunk: how many values the bytes are
  std::int64_t arena_offset = -1;
  std::int64_t started = 0;       // steady clock, ns
  std::int64_t took = 0;          // ns
  std::int64_t cpu = -1;          // ns; -1: not measured (shorter than 1 ms), use `took`
  std::uint64_t peak_memory = 0;  // bytes; 0: not measured
};
static_assert(sizeof(ResultRecord) == 80);

/// Owns a mapping of a SeatPage and the descriptors behind it. Movable.
class Seat {
 public:
  Seat() = default;
  /// A fresh page and arena. Throws std::system_error.
  static Seat create();
  /// Maps what create() made, in the worker. Throws std::system_error.
  static Seat adopt(UniqueFd page, UniqueFd arena, UniqueFd stop);
  Seat(Seat&&) noexcept;
  Seat& operator=(Seat&&) noexcept;
  ~Seat();

  SeatPage& page() const { return *page_; }
  int page_fd() const { return page_fd_.get(); }
  int arena_fd() const { return arena_fd_.get(); }
  /// An eventfd: readable since ask_to_stop(), until hear_stop().
  int stop_fd() const { return stop_fd_.get(); }

  /// Coordinator: that task is to stop if it runs, or as soon as it does.
  void ask_to_stop(Sequence sequence) const;
  /// Worker: true if it has been asked since the last call; the page says what is to stop.
  bool hear_stop() const;

 private:
  SeatPage* page_ = nullptr;
  UniqueFd page_fd_;
  UniqueFd arena_fd_;
  UniqueFd stop_fd_;
};

// -- the two sides of a slot --------------------------------------------------------------------

/// Coordinator: the task is on its way to the worker.
void queue_slot(SeatPage& page, Sequence sequence);
/// Coordinator: true if the task is taken back, false if it has begun.
bool take_slot(SeatPage& page, Sequence sequence);
/// Worker: true if the task may run now, false if it was taken back. Stores begun_at first.
bool begin_slot(SeatPage& page, Sequence sequence, std::int64_t now);
/// Any side: has it begun (it may be finished by now)?
bool has_begun(const SeatPage& page, Sequence sequence);

// -- the items of a chunk: the same for what lies within one slot ---------------------------------

/// Worker, before begin_slot(): none has begun.
void begin_items(SeatPage& page, Sequence sequence);
/// Worker: true if that item (they are begun in order, from 0) may run now, false if it was cut
/// off.
bool begin_item(SeatPage& page, Sequence sequence, std::uint32_t item);
/// Coordinator: no further item begins. How many have; nullopt: the chunk is not running.
std::optional<std::uint32_t> cut_items(SeatPage& page, Sequence sequence);
/// Coordinator: how many items of the chunk have begun.
std::uint32_t items_begun(const SeatPage& page, Sequence sequence);

// -- the ring -----------------------------------------------------------------------------------

/// Worker's side of the ring and the arena. One thread at a time (the worker's main thread).
class ResultWriter {
 public:
  explicit ResultWriter(Seat& seat);
  /// Publishes one result, or returns false: there is no room until the coordinator has read some.
  /// Throws std::system_error if the arena cannot grow. `record.size` and `.arena_offset` are set
  /// here.
  bool write(ResultRecord record, std::string_view bytes);

  /// Adds a chunk's next value to the open record. False: it does not fit in there, or in the ring.
  bool append(std::string_view value);
  /// Publishes the open record (an empty one too) with the number and size of what was appended, or
  /// returns false: there is no room for its head.
  bool close(ResultRecord record);
  /// Values in the open record.
  std::uint32_t open_items() const { return open_items_; }

 private:
  bool has_room(std::uint64_t bytes) const;
  bool write_arena(ResultRecord& record, std::string_view bytes);
  void publish_head(const ResultRecord& record);

  Seat& seat_;
  std::uint64_t written_ = 0;
  std::uint32_t open_items_ = 0;
  std::uint32_t open_bytes_ = 0;
  std::int64_t arena_used_ = 0;
  std::uint64_t arena_last_ = 0;  // ring position behind the last record that uses the arena
};

/// Coordinator's side. One thread at a time (the driver's).
class ResultReader {
 public:
  explicit ResultReader(Seat& seat);
  /// The next published result's head, a checked copy that stays until the next call; its bytes
  /// are then fetched by read(). Null: none. Throws std::runtime_error when the ring holds
  /// nonsense: the worker is to be given up.
  const ResultRecord* next();
  /// Copies the bytes of the record that next() returned last to `to` (record.size bytes).
  void read(const ResultRecord& record, char* to);
  /// Gives the space of all records returned so far back to the worker.
  void release();
  /// next() has something to say.
  bool waiting() const;
  /// And some of that is urgent.
  bool urgent() const;
  /// After the worker's death, when next() has nothing more: the record that was open then. To be
  /// fetched by read(); its `items` and `size` are set, no others.
  std::optional<ResultRecord> open_record();
  /// What the worker writes is not believed any more: nothing is waiting from here on.
  void give_up() { given_up_ = true; }

 private:
  Seat& seat_;
  bool given_up_ = false;
  std::uint64_t read_ = 0;
  std::uint64_t released_ = 0;  // given back so far
  std::uint64_t limit_ = 0;
  std::uint64_t body_ = 0;  // ring position of the last record's bytes
  ResultRecord head_{};     // of that record
};

/// Worker: makes the progress note visible. Coordinator: reads it, nullopt if it is not
/// `sequence`'s.
void write_progress(SeatPage& page, Sequence sequence, double fraction, std::string_view message);
struct Progress {
  double fraction = 0;
  std::string message;
};
std::optional<Progress> read_progress(const SeatPage& page, Sequence sequence);

}  // namespace procfarm::wire
