// SPDX-License-Identifier: MIT
// instance_bits.hpp - one bit per instance of a task, grown as instances are reached. It is what
// lets the plan remember a million instances in 125 kB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace procfarm::cli {

/// A set of indexes from 0. A plain value; one thread at a time.
class InstanceBits {
 public:
  static constexpr std::uint64_t word_bits = 64;

  void set(std::uint64_t index) {
    const auto word = static_cast<std::size_t>(index / word_bits);
    if (word >= words_.size()) words_.resize(word + 1);
    words_[word] |= mask(index);
  }
  void clear(std::uint64_t index) {
    const auto word = static_cast<std::size_t>(index / word_bits);
    if (word < words_.size()) words_[word] &= ~mask(index);
  }
  bool test(std::uint64_t index) const { return (word(index / word_bits) & mask(index)) != 0; }

  /// The bits of the indexes from `number` * 64 on; 0 beyond the end.
  std::uint64_t word(std::uint64_t number) const {
    return number < words_.size() ? words_[static_cast<std::size_t>(number)] : 0;
  }

  /// Below it lie all indexes that are set.
  std::uint64_t limit() const { return words_.size() * word_bits; }

 private:
  static std::uint64_t mask(std::uint64_t index) { return std::uint64_t{1} << (index % word_bits); }

  std::vector<std::uint64_t> words_;
};

}  // namespace procfarm::cli
