// SPDX-License-Identifier: MIT
// controls.cpp - the second group of cases: work in which two threads do not meet, so a process has
// nothing to win; and two in which threads are better.
#include <array>
#include <map>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../kernel.hpp"
#include "cases.hpp"

namespace bench {
namespace {

std::uint64_t churn_map(std::uint64_t iterations) {
  std::map<std::string, std::string> map;
  std::uint64_t right = 0;
  for (std::uint64_t i = 0; i < iterations; ++i) {
    const std::string key = "a key of some length " + std::to_string(i % 997);
    map[key] = std::to_string(i);
    right += map.at(key).empty() ? 0 : 1;
    if (i % 3 == 0) map.erase(key);
  }
  return right;
}

std::uint64_t own_blocks(std::uint64_t iterations) {
  std::array<std::vector<char>, 64> blocks;
  std::uint64_t right = 0;
  for (std::uint64_t i = 0; i < iterations; ++i) {
    std::vector<char>& block = blocks[i % blocks.size()];
    block = std::vector<char>(16 + i * 37 % 485, 'x');
    right += block.back() == 'x' ? 1 : 0;
  }
  return right;
}

std::uint64_t format_stream(std::uint64_t iterations) {
  std::uint64_t right = 0;
  for (std::uint64_t i = 0; i < iterations; ++i) {
    std::ostringstream text;
    text << "value " << i << ' ' << 0.5 * static_cast<double>(i);
    right += text.str().starts_with("value ") ? 1 : 0;
  }
  return right;
}

std::uint64_t match_regex(std::uint64_t iterations) {
  std::uint64_t right = 0;
  for (std::uint64_t i = 0; i < iterations; ++i) {
    const std::regex pattern("([a-z]+)-([0-9]+)");
    right += std::regex_match("item-" + std::to_string(i), pattern) ? 1 : 0;
  }
  return right;
}

std::uint64_t throw_and_catch(std::uint64_t iterations) {
  std::uint64_t caught = 0;
  for (std::uint64_t i = 0; i < iterations; ++i) {
    try {
      throw std::runtime_error("expected");
    } catch (const std::runtime_error&) {
      ++caught;
    }
  }
  return caught;
}

template <std::size_t Bytes>
std::uint64_t fill_vector(std::uint64_t iterations) {
  std::uint64_t right = 0;
  for (std::uint64_t i = 0; i < iterations; ++i) {
    const std::vector<double> numbers(Bytes / sizeof(double), 1.5);
    double sum = 0;
    for (std::size_t at = 0; at < numbers.size(); at += 512) sum += numbers[at];
    right += sum == 1.5 * static_cast<double>(numbers.size() / 512) ? 1 : 0;
  }
  return right;
}

std::uint64_t start_threads(std::uint64_t iterations) {
  std::uint64_t joined = 0;
  for (std::uint64_t i = 0; i < iterations; ++i) {
    std::thread thread([&joined] { ++joined; });
    thread.join();
  }
  return joined;
}

std::uint64_t compute(std::uint64_t iterations) {
  std::uint64_t right = 0;
  for (std::uint64_t i = 0; i < iterations; ++i)
    right += bench_busy(100) != 0 ? 1 : 0;  // the value is below a prime and never 0
  return right;
}

constexpr std::array cases{
    Case{"std::map of strings", churn_map, false},
    Case{"malloc and free of own blocks", own_blocks, false},
    Case{"ostringstream", format_stream, false},
    Case{"std::regex, made and matched", match_regex, false},
    Case{"throw and catch", throw_and_catch, false},
    Case{"vector of 16 MB", fill_vector<16'000'000 / 4096 * 4096>, false},
    Case{"vector of 64 MB", fill_vector<64'000'000 / 4096 * 4096>, false},
    Case{"std::thread, started and joined", start_threads, false},
    Case{"arithmetic only", compute, false},
};

}  // namespace

std::span<const Case> control_cases() { return cases; }

}  // namespace bench
