// SPDX-License-Identifier: MIT
// map_chunks.hpp - how a map over many short items becomes few tasks: items are encoded one behind
// the other into chunks, each of which travels and is settled as one task. Results, errors and the
// loss of a worker stay per item. Typed code only adds and decodes; the rest is in map_chunks.cpp.
//
// Chunks begin with one item each and grow, so that the first results come at once and few long
// items are shared evenly; near the end of inputs of known length they shrink. A guess that was too
// large does no harm: a worker hands back what it has not begun after some milliseconds.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <vector>

#include <procfarm/any_future.hpp>
#include <procfarm/codec.hpp>
#include <procfarm/function_id.hpp>
#include <procfarm/options.hpp>

namespace procfarm {

class PoolCore;
struct SharedOptions;

namespace detail {

/// May the items of such a map share tasks? Not if anything counts or limits them one by one.
bool map_in_chunks(const PoolCore& core, const SharedOptions& options, const MapOptions& map);

/// Collects encoded items and submits them as chunks. One thread at a time.
class ChunkFiller {
 public:
  /// `inputs`: how many items there will be at most, if that is known. `core` and `options` are
  /// borrowed.
  ChunkFiller(PoolCore& core, const SharedOptions& options, FunctionId function,
              std::size_t chunksize, std::optional<std::size_t> inputs);

  /// True when submit() is to be called before another add().
  bool full() const {
    return sizes_.size() >= limit_ || arguments_.size() >= most_bytes || refused_ != nullptr;
  }
  bool empty() const { return sizes_.empty() && fixed_end_ == fixed_begin_ && refused_ == nullptr; }

  /// Encodes one more item by `encode(Writer&)`. What that throws becomes the item's error.
  template <class Encode>
  void add(Encode&& encode) {
    const std::size_t before = arguments_.size();
    try {
      encode(arguments_);
      sizes_.push_back(static_cast<std::uint32_t>(arguments_.size() - before));
    } catch (...) {
      arguments_.truncate(before);
      refused_ = std::current_exception();
    }
  }

  /// The same for items that take `width` bytes each, whatever they are: adds what `next(char* to)`
  /// writes until it returns false or the chunk is full. Throws what `next` throws; what it wrote
  /// before is added.
  template <class Next>
  void fill_fixed(std::size_t width, Next&& next) {
    char* at = begin_fixed(width);
    char* const end = at + limit_fixed(width) * width;
    try {
      while (at != end && next(at)) at += width;
    } catch (...) {
      fixed_end_ = at;
      throw;
    }
    fixed_end_ = at;
  }

  /// Submits what was added, or tells of an item that could not be encoded if that is all there is.
  /// Not empty(). Throws ShutdownError, BrokenProcessPool.
  FutureState* submit();

 private:
  static constexpr std::size_t most_bytes = 32 * 1024;
  static constexpr std::size_t most_fixed_bytes = 128 * 1024;

  std::size_t limit_fixed(std::size_t width) const {
    return std::clamp<std::size_t>(most_fixed_bytes / width, 1, limit_);
  }
  char* begin_fixed(std::size_t width);
  FutureState* submit_fixed();
  void choose_limit(std::size_t submitted);

  PoolCore& core_;
  const SharedOptions& options_;
  const FunctionId function_;
  const std::size_t chunksize_;
  std::optional<std::size_t> left_;  // of the inputs
  std::size_t limit_ = 1;            // items of the chunk that is being filled
  std::size_t growth_ = 1;           // what it would be in inputs without end
  std::size_t submitted_ = 0;        // chunks since it has grown
  Writer arguments_;
  std::vector<std::uint32_t> sizes_;
  std::exception_ptr refused_;
  // Of items of one width: the payload that they are written into, in its place.
  std::unique_ptr<char[]> payload_;
  char* fixed_begin_ = nullptr;
  char* fixed_end_ = nullptr;
  std::size_t width_ = 0;
};

/// The values of a settled chunk as one reads them.
struct ChunkValues {
  Reader reader;
  std::uint32_t left;
};

/// Is it a chunk of a map, or one task?
bool is_chunk(const AnyFuture& future);
/// Waits until the chunk is settled. Throws TimeoutError as Future::result() does. The values are
/// valid as long as `chunk`.
ChunkValues open_chunk(const AnyFuture& chunk, std::optional<Duration> timeout);
/// After its values: throws what became of the item behind them, if anything, else returns the
/// chunks that go on where this one ended early, in the order of their items, one reference each.
std::vector<FutureState*> close_chunk(const AnyFuture& chunk);
/// Nobody reads it any more: cancels what has not begun of it, and of what goes on after it.
void abandon_chunk(const AnyFuture& chunk);
/// Throws SerializationError for a value that cannot be decoded and has so many behind it. Called
/// in a catch block.
[[noreturn]] void throw_undecodable_item(const AnyFuture& chunk, std::uint32_t left);

}  // namespace detail
}  // namespace procfarm
