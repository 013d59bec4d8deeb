// SPDX-License-Identifier: MIT
// maps.hpp - what tests of map() go in with and read.
#pragma once

#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "farm.hpp"

namespace farm {

/// So many items share a task for certain.
inline constexpr MapOptions together{.chunksize = 1000};

/// 0, 1, 2, ...
inline std::vector<int> numbers(int count) {
  std::vector<int> values;
  for (int i = 0; i < count; ++i) values.push_back(i);
  return values;
}

template <class Range>
auto all_of(Range range) {
  std::vector<typename Range::value_type> values;
  for (const auto& value : range) values.push_back(value);
  return values;
}

/// The results up to the error that ends them; the error's text last.
template <class Result>
std::pair<std::vector<int>, std::string> read(Result results) {
  std::vector<int> values;
  try {
    for (const int value : results) values.push_back(value);
  } catch (const std::exception& error) {
    return {values, error.what()};
  }
  return {values, ""};
}

}  // namespace farm
