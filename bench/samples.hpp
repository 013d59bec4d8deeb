// SPDX-License-Identifier: MIT
// samples.hpp - what probes of several transports do alike: latencies one by one, and large blocks
// whose arrival is checked page by page.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

#include "probe.hpp"

namespace bench {

/// Calls `once(i)` count times after a pause each; seconds is the median of one, the pause not
/// counted.
template <class Once>
Reply latencies(std::uint64_t count, std::chrono::microseconds pause, Once&& once) {
  std::vector<double> seconds;
  seconds.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
    const auto start = Clock::now();
    once(i);
    seconds.push_back(seconds_since(start));
  }
  std::sort(seconds.begin(), seconds.end());
  const auto quantile = [&seconds](double part) {
    return seconds[static_cast<std::size_t>(part * static_cast<double>(seconds.size() - 1))];
  };
  return {
      {"seconds", quantile(0.5)}, {"p90", quantile(0.9)}, {"p99", quantile(0.99)}, {"count", 1}};
}

constexpr std::size_t page_bytes = 4096;

/// A warm block with bytes that differ from page to page.
inline std::vector<std::uint8_t> large_block(std::size_t size) {
  std::vector<std::uint8_t> block(size);
  for (std::size_t i = 0; i < size; i += 64)
    block[i] = static_cast<std::uint8_t>(i / 64 * 131 + i / page_bytes);
  return block;
}

/// A sum over one byte of each page, which depends on their order.
inline std::uint64_t page_sum(std::span<const std::uint8_t> bytes) {
  std::uint64_t sum = bytes.size();
  for (std::size_t i = 0; i < bytes.size(); i += page_bytes) sum = sum * 31 + bytes[i];
  return sum;
}

/// Sends the block `count` times by `send(block)`, which returns the page_sum() that the receiver
/// saw. Only the sending is timed: the median, as seconds for one.
template <class Send>
Reply block_transfers(std::vector<std::uint8_t>& block, std::uint64_t count, Send&& send) {
  std::vector<double> seconds;
  for (std::uint64_t i = 0; i < count; ++i) {
    block[0] = static_cast<std::uint8_t>(i * 7 + 1);
    const std::uint64_t sum = page_sum(block);
    const auto start = Clock::now();
    const std::uint64_t seen = send(block);
    seconds.push_back(seconds_since(start));
    check(seen == sum, "a large block");
  }
  std::sort(seconds.begin(), seconds.end());
  return {{"seconds", seconds[seconds.size() / 2]},
          {"bytes", static_cast<double>(block.size())},
          {"count", 1}};
}

}  // namespace bench
