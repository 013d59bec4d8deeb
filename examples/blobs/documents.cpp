// SPDX-License-Identifier: MIT
// documents.cpp - see documents.hpp.
#include "documents.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string_view>

#include <fmt/core.h>

#include "../net/digest.hpp"

namespace blobs {
namespace {

constexpr std::uint32_t least_size = 1024;
constexpr std::uint32_t sizes = 3 * 1024;
constexpr std::array<std::string_view, 16> some_words{
    "field", "plough", "harvest", "barn",  "seed",   "rain", "fence", "orchard",
    "mill",  "grain",  "meadow",  "river", "autumn", "hay",  "cart",  "morning"};

}  // namespace

std::string document(std::uint32_t number) {
  std::minstd_rand random(number + 1);  // its numbers are the standard's: the same everywhere
  const std::size_t size = least_size + random() % sizes;
  std::string text = fmt::format("Document {}\n\n", number);
  while (text.size() < size) {
    text += some_words[random() / 16 % some_words.size()];
    text += random() % 12 == 0 ? '\n' : ' ';
  }
  text.resize(size);
  return text;
}

std::string name_of(std::uint32_t number) { return fmt::format("{:08}.txt", number); }

std::string common_prefix(std::uint32_t first, std::uint32_t last) {
  const std::string from = name_of(first);
  const std::string to = name_of(last);
  const auto differ = std::mismatch(from.begin(), from.end(), to.begin(), to.end());
  return {from.begin(), differ.first};
}

void upload(const net::Container& container, std::uint32_t number, const net::Patience& patience) {
  const std::string content = document(number);
  net::put_blob(container, name_of(number), content, net::md5(content), patience);
}

}  // namespace blobs
