// SPDX-License-Identifier: MIT
// scan.hpp - cuts C and C++ sources into words. Rough: comments and literals are passed over, the
// preprocessor is not run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <msgpack.hpp>

namespace text {

struct Count {
  std::string name{};
  std::uint64_t count = 0;
  MSGPACK_DEFINE_MAP(name, count)
};

struct Words {
  std::uint64_t lines = 0;
  std::uint64_t tokens = 0;  // words, numbers, literals and single punctuation characters
  std::map<std::string, std::uint64_t> identifiers{};
};

/// Any bytes are fine; identifiers are ASCII. Keywords do not count as identifiers.
Words scan(std::string_view source);

/// The `limit` greatest counts, greatest first, equal ones by name.
std::vector<Count> most(const std::map<std::string, std::uint64_t>& counts, std::size_t limit);

}  // namespace text
