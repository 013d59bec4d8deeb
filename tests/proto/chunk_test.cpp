// SPDX-License-Identifier: MIT
// chunk_test.cpp - a payload of several items, whose sizes it tells or which have one width: it is
// divided into the same items, and one whose parts do not add up is refused.
#include <procfarm/wire/chunk.hpp>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace procfarm::wire;

namespace {

using Items = std::vector<std::string>;

std::string words(const std::vector<std::uint32_t>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(std::uint32_t)};
}
/// With the width of the first item, or with sizes.
std::string payload_of(const Items& items, bool of_one_width) {
  const auto count = static_cast<std::uint32_t>(items.size());
  std::string arguments;
  std::vector<std::uint32_t> sizes;
  for (const std::string& item : items) {
    arguments += item;
    sizes.push_back(static_cast<std::uint32_t>(item.size()));
  }
  return of_one_width ? words({count, sizes.at(0)}) + arguments
                      : chunk_payload(sizes.data(), count, arguments);
}
Items items_left(ChunkItems& items) {
  Items all;
  while (items.left() > 0) all.emplace_back(items.take());
  return all;
}
Items items_of(const std::string& payload) {
  ChunkItems items(payload);
  return items_left(items);
}
std::string take_payload(ChunkItems& items, std::uint32_t count) {
  std::string payload(items.payload_size(count), '\0');
  items.take_payload(count, payload.data());
  return payload;
}
bool refused(std::string_view payload) {
  // A copy on the heap without a byte to spare: what reads behind it is seen by a sanitizer.
  const std::vector<char> exact(payload.begin(), payload.end());
  try {
    ChunkItems({exact.data(), exact.size()});
  } catch (const std::runtime_error&) {
    return true;
  }
  return false;
}

struct Case {
  Items items;
  bool of_one_width;
};
const Case cases[] = {
    {{"abc", "def", "ghi", "jkl", "mno", "pqr", "stu"}, true},
    {{"a", "b", "c"}, true},
    {{"one and only"}, true},
    {{"abc", "", "d", "efgh", "", ""}, false},
    {{"abc", "def"}, false},
};

}  // namespace

TEST_CASE("the items of a chunk come one after the other") {
  for (const auto& [all, of_one_width] : cases) {
    const std::string payload = payload_of(all, of_one_width);
    ChunkItems items(payload);
    CHECK(items.count() == all.size());
    CHECK(items.left() == all.size());
    CHECK(items_left(items) == all);
    CHECK(items.count() == all.size());
  }
}

TEST_CASE("items that are passed over are not among the others") {
  for (const auto& [all, of_one_width] : cases) {
    const std::string payload = payload_of(all, of_one_width);
    for (std::uint32_t passed = 0; passed <= all.size(); ++passed) {
      ChunkItems items(payload);
      items.skip(passed);
      CHECK(items.left() == all.size() - passed);
      CHECK(items_left(items) == Items(all.begin() + passed, all.end()));
    }
  }
}

TEST_CASE("a chunk is divided into chunks of the same items") {
  for (const auto& [all, of_one_width] : cases) {
    const std::string payload = payload_of(all, of_one_width);
    for (std::uint32_t most = 1; most <= all.size(); ++most) {
      ChunkItems items(payload);
      Items pieces;
      while (items.left() > 0) {
        const std::string piece = take_payload(items, std::min(most, items.left()));
        for (std::string& item : items_of(piece)) pieces.push_back(std::move(item));
      }
      CHECK(pieces == all);
    }
  }
}

TEST_CASE("a piece of a chunk is divided again, and what has been taken is not in it") {
  for (const auto& [all, of_one_width] : cases) {
    if (all.size() < 3) continue;
    const std::string payload = payload_of(all, of_one_width);
    ChunkItems items(payload);
    CHECK(items.take() == all[0]);
    const std::string rest = take_payload(items, items.left());
    ChunkItems again(rest);
    again.skip(1);
    CHECK(items_of(take_payload(again, 1)) == Items{all[2]});
    CHECK(again.left() == all.size() - 3);
  }
}

TEST_CASE("a payload that is cut off anywhere, or too long, is refused") {
  for (const auto& [all, of_one_width] : cases) {
    const std::string payload = payload_of(all, of_one_width);
    CHECK_FALSE(refused(payload));
    for (std::size_t size = 0; size < payload.size(); ++size) {
      CHECK(refused(std::string_view(payload).substr(0, size)));
    }
    CHECK(refused(payload + "x"));
  }
  CHECK(refused({}));
}

TEST_CASE("numbers and widths that do not fill the payload are refused, however large they are") {
  CHECK(refused(words({3, 2}) + "abcde"));
  CHECK(refused(words({3, 2}) + "abcdefg"));
  CHECK(refused(words({0, 2}) + "ab"));
  CHECK(refused(words({2, 0}) + words({1, 2}) + "ab"));
  CHECK(refused(words({1, 0})));
  // These are 0, 0 and 1 in 32 bits.
  CHECK(refused(words({0x1'0000, 0x1'0000})));
  CHECK(refused(words({0x8000'0000, 2})));
  CHECK(refused(words({0xffff'ffff, 0xffff'ffff}) + "a"));
  CHECK(refused(words({0xffff'ffff, 1}) + "a"));
  CHECK(refused(words({0x4000'0000, 0}) + "a"));
  CHECK(refused(words({2, 0}) + words({0xffff'ffff, 1})));
}

TEST_CASE("a chunk may have no items") {
  CHECK(items_of(words({0, 0})).empty());
  CHECK(items_of(words({0, 9})).empty());
}
